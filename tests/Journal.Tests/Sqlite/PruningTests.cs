using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

public sealed class PruningTests
{
    [Fact]
    public async Task Identity_that_cannot_be_read_keeps_what_no_snapshot_covers_is_told_of_and_holds_up_nobody()
    {
        var logged = new LoggedLines();
        await using var subject = await SqliteStoreUnderTest.OpenAsync(new StoreSettings { EventsKeptFor = TimeSpan.FromDays(30), SnapshotEvery = 10 }, logged);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var longAgo = Samples.Start.AddDays(-31);
        var (bad, good) = (new IdentityId(Guid.NewGuid()), new IdentityId(Guid.NewGuid()));
        foreach (var identity in new[] { bad, good })
        {
            for (var i = 0; i < 13; i++)
            {
                var before = await worker.LoadAsync(identity);
                IdentityEvent next = i % 2 == 0 ? new IdentityEvent.PointAssigned(longAgo, Samples.Mail) : new IdentityEvent.PointWithdrawn(longAgo, Samples.Mail);
                await subject.Store.Journal.AppendAsync(worker.Plan(identity, before, [next], []), CancellationToken.None);
            }
        }

        await subject.Sqlite.RunAsync($"UPDATE event SET kind = 'point-assigned.9' WHERE seq = 13 AND identity_id = x'{bad.Value:N}'", CancellationToken.None);
        await subject.Store.MaintainAsync(CancellationToken.None);

        await subject.Sqlite.RunAsync("UPDATE event SET kind = 'point-assigned.1' WHERE kind = 'point-assigned.9'", CancellationToken.None);
        (await SequencesAsync(subject.Store, bad)).ShouldBe([11, 12, 13], "the snapshot covers the first ten");
        (await worker.LoadAsync(bad)).Sequence.ShouldBe(13);
        (await SequencesAsync(subject.Store, good)).ShouldBeEmpty();
        (await worker.LoadAsync(good)).Sequence.ShouldBe(13);
        logged.Lines.ShouldContain(line => line.Contains($"The journal of identity {bad} cannot be read", StringComparison.Ordinal));
        logged.Lines.ShouldAllBe(line => !line.Contains($"{good}", StringComparison.Ordinal));
    }

    private static async Task<List<long>> SequencesAsync(IStore store, IdentityId identity)
    {
        var sequences = new List<long>();
        await foreach (var (sequence, _) in store.Journal.ReadEventsAsync(identity, fromSequence: 1, CancellationToken.None)) sequences.Add(sequence);
        return sequences;
    }
}
