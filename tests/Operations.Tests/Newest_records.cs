using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What <c>sync history</c> reads where the records that fit are old, and thousands of others came after them.</summary>
public sealed class Newest_records
{
    private static readonly SyncPointId Alpha = new("alpha");
    private static readonly SyncPointId Beta = new("beta");
    private static readonly PasswordLogFilter All = new(null, null, null, null, null);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Records_behind_thousands_of_others_are_found_by_each_filter_or_it_is_said_where_the_search_ended()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        var change = (await filled.AddAsync(1, Beta, Token)).Single();
        await filled.AddAsync(1_100, Alpha, Token);
        var events = (int)(await filled.Store.Operations.Queries.CountAsync(0, Token)).LastEvent;
        events.ShouldBeGreaterThan(2_000, "more than a page");
        var one = All with { ChangeSet = change.CaptureId.Value };

        Words(await ReadAsync(filled, one, 100, events)).ShouldBe(["accepted", "queued"]);
        Words(await ReadAsync(filled, one, 1, events)).ShouldBe(["queued"]);
        Words(await ReadAsync(filled, All with { Point = Beta.Value }, 100, events)).ShouldBe(["assigned", "queued"]);
        Words(await ReadAsync(filled, All with { Source = "alpha" }, 3, events)).ShouldBe(["scoped", "accepted", "queued"], "an assignment names no account");
        (await ReadAsync(filled, All with { Source = "elsewhere" }, 100, events)).Rows.ShouldBeEmpty();
        Words(await ReadAsync(filled, All with { Event = "accepted" }, 2, events)).ShouldBe(["accepted", "accepted"]);
        (await ReadAsync(filled, All with { OnlyFailures = true }, 100, events)).Rows.ShouldBeEmpty();
        (await ReadAsync(filled, All with { Controller = "elsewhere" }, 100, events)).Rows.ShouldBeEmpty();
        Words(await ReadAsync(filled, one with { Controller = $"{change.Stamp.InvocationId}".ToUpperInvariant() }, 100, events)).ShouldBe(["accepted", "queued"], "a domain controller of which nothing is known has the id for its name");
        await filled.AddAsync(1, Beta, new DeliveryOutcome.Transient("The server is down."), Token);
        Words(await ReadAsync(filled, All with { OnlyFailures = true }, 100, 2 * events)).ShouldBe(["obstacle"]);
        events = (int)(await filled.Store.Operations.Queries.CountAsync(0, Token)).LastEvent;
        (await ReadAsync(filled, All, 3 * events, events + 1)).Rows.Select(row => row[0]).Distinct().Count().ShouldBe(events);

        var cut = await ReadAsync(filled, one, 100, events / 2);
        cut.Rows.ShouldBeEmpty();
        cut.EndedAt.ShouldBe(change.Stages.CapturedAt, "all happened in the same moment");
        (await ReadAsync(filled, one, 100, events + 1)).EndedAt.ShouldBeNull("all were looked at");
        (await ReadAsync(filled, one, 2, events)).EndedAt.ShouldBeNull("there were enough");
    }

    private static IEnumerable<string?> Words((ImmutableArray<ImmutableArray<object?>> Rows, DateTimeOffset? EndedAt) read)
    {
        var at = PasswordLog.Columns.Select(column => column.Name).ToList().IndexOf("event");
        return read.Rows.Select(row => (string?)row[at]);
    }

    private static Task<(ImmutableArray<ImmutableArray<object?>> Rows, DateTimeOffset? EndedAt)> ReadAsync(FilledStore filled, PasswordLogFilter filter, int limit, int eventsMax) =>
        new PasswordLog(filled.Store.Operations, TimeProvider.System).ReadNewestAsync(filter, limit, eventsMax, Token);
}
