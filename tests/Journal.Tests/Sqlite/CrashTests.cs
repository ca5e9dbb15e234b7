using System.Diagnostics;
using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

/// <summary>
/// A process that loads a store is killed at a random point again and again (I1). What it had acknowledged must be there, and no decision by half. Ten
/// rounds on one database; with PASSWORDSYNC_LONG=1 that on ten of them. The seed is printed on failure.
/// </summary>
public sealed class CrashTests
{
    private const int Workers = 24;
    private const int RoundsOnOneDatabase = 10;

    /// <summary>After how many lines of output a round is killed at the latest: what a round wrote is looked through in each later one.</summary>
    private static readonly int LinesMax = IsLong ? 3_000 : 1_200;

    private readonly HashSet<CaptureId> accepted = [];
    private readonly Dictionary<IdentityId, long> sequences = [];
    private readonly Dictionary<string, IdentityId> claims = [];
    private long published;

    public static TheoryData<int> Series => [.. Enumerable.Range(1, IsLong ? 10 : 1)];

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    [Theory]
    [MemberData(nameof(Series))]
    public async Task What_was_acknowledged_survives_being_killed_and_no_decision_is_there_by_half(int series)
    {
        var seed = Environment.TickCount + series;
        var random = new Random(seed);
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        for (var round = 1; round <= RoundsOnOneDatabase; round++)
        {
            await subject.CloseAsync();
            await LoadAndKillAsync(subject.DatabasePath, afterLines: random.Next(1, LinesMax));
            await subject.ReopenAsync(new StoreSettings());
            try
            {
                await VerifyAsync(subject);
            }
            catch (ShouldAssertException broken)
            {
                throw new ShouldAssertException($"Seed {seed}, round {round}: {broken.Message}", broken);
            }
        }

        accepted.Count.ShouldBeGreaterThan(RoundsOnOneDatabase);
    }

    private async Task LoadAndKillAsync(string database, int afterLines)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "PasswordSync.Journal.Crash.dll");
        var start = new ProcessStartInfo("dotnet", [program, database, Workers.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        for (var lines = 1; await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line; lines++)
        {
            Note(line);
            if (lines == afterLines) process.Kill();
        }

        await process.WaitForExitAsync(CancellationToken.None);
        process.ExitCode.ShouldNotBe(0, "it was killed");
    }

    private void Note(string line)
    {
        // The last line may be torn by the end of the process.
        if (!line.EndsWith(';')) return;
        var words = line.Split(' ');
        switch (words[0])
        {
            case "accepted":
                accepted.Add(new CaptureId(Guid.Parse(words[1])));
                break;
            case "appended":
                sequences[new IdentityId(Guid.Parse(words[1]))] = long.Parse(words[2], CultureInfo.InvariantCulture);
                break;
            case "claimed":
                claims[words[1]] = new IdentityId(Guid.Parse(words[2]));
                break;
            case "published":
                published = Math.Max(published, long.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            default:
                throw new ShouldAssertException($"Unknown line '{line}'.");
        }
    }

    private async Task VerifyAsync(SqliteStoreUnderTest subject)
    {
        var store = subject.Store;
        int[] shards = [.. Enumerable.Range(0, store.Leases.ShardCount)];
        var inbox = (await store.Inbox.ReadAsync(shards, new HashSet<long>(), int.MaxValue, CancellationToken.None)).ToLookup(row => row.Identity, row => row.Arrival.Id);
        var pending = (await store.PendingWork.ReadDueAsync(shards, DateTimeOffset.MaxValue, int.MaxValue, CancellationToken.None)).ToDictionary(p => p.Identity, p => p.DueAt);
        var identities = sequences.Keys.Concat(inbox.Select(group => group.Key)).Concat(pending.Keys).ToHashSet();
        var decided = new HashSet<CaptureId>();
        foreach (var identity in identities)
        {
            var state = await store.Journal.LoadAsync(identity, CancellationToken.None);
            state.Sequence.ShouldBeGreaterThanOrEqualTo(sequences.GetValueOrDefault(identity));
            var ofThis = await VerifyEventsAsync(store, identity, state);
            decided.UnionWith(ofThis);
            ofThis.Intersect(inbox[identity]).ShouldBeEmpty("a decided capture is still in the inbox");
            pending.ContainsKey(identity).ShouldBe(state.NextWakeUp(DecisionRules.Default) is not null, "the pending-work row is of another state");
            if (pending.TryGetValue(identity, out var due)) due.ShouldBe(state.NextWakeUp(DecisionRules.Default)!.Value);
            await VerifySecretsAsync(store, state, ofThis, inbox[identity]);
        }

        accepted.Except(decided).Except(inbox.SelectMany(group => group)).ShouldBeEmpty("accepted captures are lost");
        foreach (var (key, identity) in claims) (await store.TargetClaims.ClaimAsync(Samples.Mail, key, new IdentityId(Guid.Empty), CancellationToken.None)).ShouldBe(identity);
        (await store.Configurations.PublishAsync($"{Guid.NewGuid()}", Samples.Start, CancellationToken.None)).ShouldBeGreaterThan(published);
    }

    private static async Task<HashSet<CaptureId>> VerifyEventsAsync(IStore store, IdentityId identity, IdentityState loaded)
    {
        var (folded, decided, isToBeAccepted) = (IdentityState.Initial, new HashSet<CaptureId>(), false);
        await foreach (var (sequence, happened) in store.Journal.ReadEventsAsync(identity, fromSequence: 1, CancellationToken.None))
        {
            folded = folded.Apply(happened);
            folded.Sequence.ShouldBe(sequence);

            // The points that join and the ends of what a change replaces come before it in its decision.
            if (happened is IdentityEvent.AccountScoped or IdentityEvent.DeliveryEnded { End: DeliveryEnd.Superseded }) isToBeAccepted = true;
            if (happened is not IdentityEvent.CaptureAccepted accepted) continue;
            decided.Add(accepted.Change.CaptureId).ShouldBeTrue("a capture was decided twice");
            accepted.Queued.SetEquals(Worker.Points).ShouldBeTrue("it is queued for all points");
            isToBeAccepted = false;
        }

        isToBeAccepted.ShouldBeFalse("a decision is there by half");
        StateCodec.Encode(loaded).Body.ShouldBe(StateCodec.Encode(folded).Body, "the snapshot is of another state");
        return decided;
    }

    private static async Task VerifySecretsAsync(IStore store, IdentityState state, IEnumerable<CaptureId> decided, IEnumerable<CaptureId> undecided)
    {
        foreach (var capture in decided)
        {
            (await store.Secrets.ReadAsync(capture, CancellationToken.None) is not null).ShouldBe(state.NeedsSecret(capture), "secrets are those that deliveries need");
        }

        foreach (var capture in undecided) (await store.Secrets.ReadAsync(capture, CancellationToken.None)).ShouldNotBeNull();
    }
}
