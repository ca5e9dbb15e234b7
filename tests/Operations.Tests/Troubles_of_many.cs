using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What <c>sync status</c> finds wrong with deliveries when very many people have something to do.</summary>
public sealed class Troubles_of_many
{
    private static readonly SyncPointId Alpha = new("alpha");
    private static readonly SyncPointId Beta = new("beta");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Parked_and_failing_deliveries_are_told_in_full_behind_very_many_people_who_wait()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(2_000, Alpha, Token);
        (await FindAsync(filled)).ShouldBeEmpty("they wait, and none has failed");

        await filled.AddAsync(1, Beta, new DeliveryOutcome.RefusedByPolicy("Too short."), Token);
        await filled.AddAsync(DeliveryTroubles.ReasonsMax + 1, Beta, new DeliveryOutcome.Transient("The server is down."), Token);

        (await FindAsync(filled)).ShouldBe([("beta: failing", DeliveryTroubles.ReasonsMax + 1, "The server is down."), ("beta: parked", 1, "Too short.")]);
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

    [Fact(Timeout = 600_000)]
    public async Task What_is_at_a_point_that_is_not_configured_any_more_has_another_remedy()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(1, Beta, new DeliveryOutcome.RefusedByPolicy("Too short."), Token);
        await filled.AddAsync(2, Beta, new DeliveryOutcome.Transient("The server is down."), Token);

        var rows = await new DeliveryTroubles(filled.Store, isConfigured: point => point != Beta).FindAsync(Token);

        rows.Select(row => ((string)row[0]!, (string)row[4]!)).ShouldBe([("beta: failing", "'beta' is not configured any more: it expires by itself"), ("beta: parked", "pbm sync parked list -p beta")]);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_a_node_of_an_older_version_left_as_missed_and_is_not_is_no_trouble()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(2, Beta, Token);
        await filled.RunSqlAsync("INSERT INTO missed (identity_id, point, since) SELECT DISTINCT identity_id, 'beta', 1 FROM event", Token);

        (await FindAsync(filled)).ShouldBeEmpty("their changes wait");
    }

    [Fact(Timeout = 600_000)]
    public async Task Whoever_cannot_be_read_is_counted_with_the_others_and_costs_none_of_them()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(1, Beta, new DeliveryOutcome.RefusedByPolicy("Too short."), Token);
        await filled.RunSqlAsync("UPDATE event SET kind = 'of-a-newer-version.1'", Token);
        await filled.AddAsync(2, Beta, new DeliveryOutcome.RefusedByPolicy("Used before."), Token);

        (await FindAsync(filled)).ShouldBe([("beta: parked", 3, "Used before.")]);
    }

    private static async Task<IEnumerable<(string, long, string)>> FindAsync(FilledStore filled)
    {
        var rows = await new DeliveryTroubles(filled.Store, isConfigured: _ => true).FindAsync(Token);
        return rows.Select(row => ((string)row[0]!, (long)row[1]!, (string)row[3]!)).ToImmutableArray();
    }
}
