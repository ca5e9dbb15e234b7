using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Actors.Tests.Sharding;

/// <summary>An inbox in memory that fails when a test says so, and counts how often it was found empty.</summary>
internal sealed class ScriptedInbox(TimeProvider clock) : IInbox
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, InboxRow> rows = [];
    private int looks;

    public Func<Exception?> Trouble { get; set; } = () => null;

    /// <summary>The number of the row of this identity: each row has one of its own.</summary>
    public static long NumberOf(IdentityId identity) => identity.Value.ToByteArray()[0];

    public static InboxRow Row(long sequence)
    {
        var identity = new IdentityId(new Guid((int)sequence, 0, 0, new byte[8]));
        var (at, account) = (DateTimeOffset.UnixEpoch, new AccountId(new SourceId("alpha"), identity.Value));
        var change = new Change(
            new CaptureId(new Guid((int)sequence, 0, 0, new byte[8])), account, new Stamp(0, (uint)sequence, 1, Guid.Empty), new AccountNames("CN=ann", "ann", null, null), new StageTimes(at, at, at, at), DateTimeOffset.MaxValue);
        return new InboxRow(sequence, identity, Shard: 0, new Arrival.Confirmed(change, ["staff"], default), OwnWrites.None);
    }

    public static InboxRow Ambiguous(long sequence, string source)
    {
        var row = Row(sequence);
        var change = ((Arrival.Confirmed)row.Arrival).Change;
        var ofSource = change with { Account = change.Account with { Source = new SourceId(source) } };
        return row with { Arrival = new Arrival.Ambiguous([new Candidate(ofSource, default)], ["staff"]) };
    }

    public void Add(params IEnumerable<InboxRow> added)
    {
        lock (gate)
        {
            foreach (var row in added) rows.Add(row.Sequence, row);
        }
    }

    public void Remove(long sequence)
    {
        lock (gate) rows.Remove(sequence);
    }

    /// <summary>How often the inbox was found without more to read.</summary>
    public int Looks => Volatile.Read(ref looks);

    public ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken) => throw new NotSupportedException("Tests add rows.");

    public ValueTask<ImmutableHashSet<CaptureId>> FindKnownAsync(IReadOnlyCollection<CaptureId> captureIds, CancellationToken cancellationToken) => throw new NotSupportedException("Tests add rows.");

    public ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken)
    {
        if (Trouble() is { } trouble) throw trouble;
        lock (gate) return ValueTask.FromResult<ImmutableArray<InboxRow>>([.. rows.Values.Where(row => !except.Contains(row.Sequence)).Take(limit)]);
    }

    public async Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var wait = Task.Delay(atMost, clock, cancellationToken);
        Interlocked.Increment(ref looks);
        await wait;
    }
}
