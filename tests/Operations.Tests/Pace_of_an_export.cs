using PasswordSync.Core.Deliveries;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations.Sync;
using PasswordSync.Testing;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>How an export gives way to people's changes.</summary>
public sealed class Pace_of_an_export
{
    private static readonly SyncPointId Alpha = new("alpha");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
