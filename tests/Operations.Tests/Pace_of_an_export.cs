using PasswordSync.Core.Deliveries;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using PasswordSync.Testing;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>How far an export goes, and how it gives way to people's changes.</summary>
public sealed class Pace_of_an_export
{
    private static readonly SyncPointId Alpha = new("alpha");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task It_ends_with_what_was_there_when_it_began()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(1_100, Alpha, Token);
        var events = (await filled.Store.Operations.Queries.CountAsync(0, Token)).LastEvent;
        events.ShouldBeGreaterThan(2_000, "the last page is read after what comes below");

        var records = new List<object?>();
        await foreach (var row in new PasswordLog(filled.Store.Operations, TimeProvider.System).ReadAsync(new PasswordLogFilter(null, null, null, null, null), after: 0, follow: false, Token))
        {
            if (records.Count == 0) await filled.AddAsync(1, Alpha, Token);
            records.Add(row[0]);
        }

        records.Distinct().Count().ShouldBe((int)events);
        records.Count.ShouldBe(2 * (int)events, "each of these events says something of a sync point besides");
    }

    [Fact(Timeout = 600_000)]
    public async Task It_rests_after_each_page_while_changes_are_journalled_and_goes_on_at_once_when_none_are()
    {
        await using var filled = await FilledStore.OpenAsync(Token);
        await filled.AddAsync(1, Alpha, Token);
        var clock = new ManualClock();
        var pace = new ExportPace(filled.Store.Operations.Queries, clock);

        clock.Advance(TimeSpan.FromMilliseconds(10));
        await pace.AfterPageAsync(Token);

        clock.Advance(TimeSpan.FromMilliseconds(10));
        await pace.AfterPageAsync(Token);

        (await RestAfterAsync(TimeSpan.FromMilliseconds(10))).ShouldBe(TimeSpan.FromMilliseconds(190), "one part in twenty is work");
        (await RestAfterAsync(TimeSpan.FromMinutes(1))).ShouldBe(TimeSpan.FromSeconds(1), "a slow reader is not made to wait for minutes");

        clock.Advance(TimeSpan.FromMilliseconds(10));
        await pace.AfterPageAsync(Token);

        async Task<TimeSpan> RestAfterAsync(TimeSpan work)
        {
            await filled.AddAsync(1, Alpha, Token);
            clock.Advance(work);
            var resting = pace.AfterPageAsync(Token).AsTask();
            await clock.WhenArmedAsync(1).WaitAsync(Token);
            var rest = clock.NextTimer!.Value;
            clock.Advance(rest);
            await resting;
            return rest;
        }
    }
}
