using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>Folds what is stored of an identity.</summary>
internal static class Replay
{
    /// <summary>The sequence number by which a snapshot is told from an event.</summary>
    public const long Snapshot = 0;

    /// <param name="identity">Whose.</param>
    /// <param name="records">At first the snapshot, if there is one, under the number <see cref="Snapshot"/>; then the events after it, in order.</param>
    /// <exception cref="UnreadableRecordException">Something cannot be read, an event is missing, or one does not follow from those before.</exception>
    public static IdentityState Fold(IdentityId identity, IEnumerable<(long Sequence, StoredRecord Record)> records)
    {
        var state = IdentityState.Initial;
        foreach (var (sequence, record) in records)
        {
            if (sequence == Snapshot)
            {
                state = StateCodec.Decode(record);
                continue;
            }

            if (sequence != state.Sequence + 1)
            {
                throw new UnreadableRecordException($"The journal of identity {identity} has no event {state.Sequence + 1}, but a later one: it is damaged. Restore a backup.");
            }

            try
            {
                state = state.Apply(EventCodec.Decode(record));
            }
            catch (InvalidOperationException contradiction)
            {
                throw new UnreadableRecordException($"Event {sequence} of identity {identity} does not follow from those before: its journal is damaged. {contradiction.Message}", contradiction);
            }
        }

        return state;
    }
}
