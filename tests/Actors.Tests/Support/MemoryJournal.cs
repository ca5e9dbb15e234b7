using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Tests.Support;

/// <summary>The contract of the journal, in memory: fences, refuses what was decided on an old state, and fails where a test says so. For one thread.</summary>
internal sealed class MemoryJournal : IIdentityJournal
{
    private readonly Dictionary<IdentityId, List<IdentityEvent>> events = [];

    /// <summary>The epoch of all shards; an append under another one is fenced.</summary>
    public long Epoch { get; set; } = 1;

    /// <summary>Thrown instead of reading; null for none.</summary>
    public Func<Exception?> ReadTrouble { get; set; } = static () => null;

    /// <summary>Thrown instead of writing; null for none.</summary>
    public Func<Exception?> WriteTrouble { get; set; } = static () => null;

    /// <summary>Thrown after writing, as when the answer is lost; null for none.</summary>
    public Func<Exception?> AnswerTrouble { get; set; } = static () => null;

    /// <summary>Called before each append: somebody else may write first.</summary>
    public Action BeforeAppend { get; set; } = static () => { };

    /// <summary>Appends that wait for <see cref="Release"/>, in order; null to write each at once.</summary>
    public Queue<(JournalAppend Append, TaskCompletionSource<AppendResult> Ended)>? Held { get; set; }

    /// <summary>What was written.</summary>
    public List<JournalAppend> Appends { get; } = [];

    public int Loads { get; private set; }

    public ImmutableArray<IdentityEvent> EventsOf(IdentityId identity) => [.. Of(identity)];

    public IdentityState StateOf(IdentityId identity) => Of(identity).Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));

    /// <summary>Writes as another owner would.</summary>
    public void WriteBehindTheBack(IdentityId identity, params IEnumerable<IdentityEvent> happened) => Of(identity).AddRange(happened);

    public ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        if (ReadTrouble() is { } trouble) throw trouble;
        Loads++;
        return ValueTask.FromResult(StateOf(identity));
    }

    public ValueTask<AppendResult> AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        if (Held is null) return ValueTask.FromResult(Write(append));
        var ended = new TaskCompletionSource<AppendResult>();
        Held.Enqueue((append, ended));
        return new ValueTask<AppendResult>(ended.Task);
    }

    /// <summary>Writes the oldest append that is held.</summary>
    public void Release()
    {
        var (append, ended) = Held!.Dequeue();
        try
        {
            ended.SetResult(Write(append));
        }
        catch (StorageUnavailableException trouble)
        {
            ended.SetException(trouble);
        }
    }

    private AppendResult Write(JournalAppend append)
    {
        if (WriteTrouble() is { } trouble) throw trouble;
        BeforeAppend();
        if (append.Follows is { IsWritten: false }) return AppendResult.Conflict;
        if (append.Epoch != Epoch) return AppendResult.Fenced;
        if (append.Before.Sequence != Of(append.Identity).Count) return AppendResult.Conflict;
        Of(append.Identity).AddRange(append.Events);
        Appends.Add(append);
        append.Mark.Set();
        return AnswerTrouble() is { } lost ? throw lost : AppendResult.Appended;
    }

    public async IAsyncEnumerable<JournalledEvent> ReadEventsAsync(IdentityId identity, long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        for (var sequence = fromSequence; sequence <= Of(identity).Count; sequence++) yield return new JournalledEvent(sequence, Of(identity)[(int)sequence - 1]);
    }

    private List<IdentityEvent> Of(IdentityId identity) => events.TryGetValue(identity, out var known) ? known : events[identity] = [];
}
