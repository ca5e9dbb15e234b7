using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What <c>sync status</c> finds wrong with deliveries when more people have something to do than it looks at.</summary>
public sealed class Troubles_of_many
{
    private static readonly SyncPointId Alpha = new("alpha");
    private static readonly SyncPointId Beta = new("beta");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_parked_delivery_is_told_behind_a_thousand_people_who_wait_and_so_is_that_others_were_not_looked_at()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(DeliveryTroubles.PeopleMax, Alpha, Token);
        (await FindAsync(filled)).ShouldBeEmpty("all were looked at, and none has failed");

        await filled.AddAsync(1, Beta, new DeliveryOutcome.RefusedByPolicy("Too short."), Token);

        (await FindAsync(filled)).ShouldBe([
            ("beta: parked", 1, "Too short."), ("not looked at", 1, "of 1001 people with something to do only the 1000 that are due first were looked at; what is parked is counted in full"),
        ]);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_parked_is_counted_in_full_with_the_reason_that_most_have()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(3, Beta, new DeliveryOutcome.RefusedByPolicy("Too short."), Token);
        await filled.AddAsync(2, Beta, new DeliveryOutcome.RefusedByPolicy("Used before."), Token);
        await filled.AddAsync(2, Beta, new DeliveryOutcome.Transient("The server is down."), Token);
        await filled.AddAsync(1, Alpha, new DeliveryOutcome.Transient("The server is down."), Token);

        (await FindAsync(filled)).ShouldBe([("beta: parked", 5, "Too short."), ("beta: failing", 2, "The server is down."), ("alpha: failing", 1, "The server is down.")]);
    }

    private static async Task<IEnumerable<(string, long, string)>> FindAsync(FilledStore filled)
    {
        var counts = await filled.Store.Operations.Queries.CountAsync(long.MaxValue, Token);
        var rows = await new DeliveryTroubles(filled.Store).FindAsync(counts.Pending, Token);
        return rows.Select(row => ((string)row[0]!, (long)row[1]!, (string)row[3]!)).ToImmutableArray();
    }
}
