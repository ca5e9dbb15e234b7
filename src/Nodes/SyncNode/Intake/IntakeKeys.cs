using PasswordSync.Core.Intake;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Keys;

namespace PasswordSync.SyncNode.Intake;

/// <summary>The keys of the cluster, as intake needs them.</summary>
/// <param name="Private">This node's keys.</param>
/// <param name="Published">What edges may seal to.</param>
/// <param name="IsUnknown">Whether a key that this node does not have is certainly none of the cluster's; brings it here if another node has it.</param>
internal sealed record IntakeKeys(IPrivateKeySource Private, KeyService Published, Func<KeyId, CancellationToken, Task<bool>> IsUnknown)
{
    /// <summary>Whether envelopes of a batch may be sealed to keys that other nodes have and this one could not get.</summary>
    public async ValueTask<bool> MayLackAsync(IntakeBatch batch, CancellationToken cancellationToken)
    {
        foreach (var id in batch.Items.SelectMany(EnvelopesOf).Select(KeyOf).OfType<KeyId>().Distinct().Where(id => Private.Find(id) == default))
        {
            if (!await IsUnknown(id, cancellationToken).ConfigureAwait(false) && Private.Find(id) == default) return true;
        }

        return false;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> EnvelopesOf(IntakeItem item) => item switch
    {
        ConfirmedCapture confirmed => [confirmed.Envelope],
        AmbiguousCaptures { Candidates.IsDefault: false } ambiguous => ambiguous.Candidates.Select(candidate => (ReadOnlyMemory<byte>)candidate.Envelope),
        _ => [],
    };

    private static KeyId? KeyOf(ReadOnlyMemory<byte> envelope) => Envelope.TryReadDescription(envelope.Span, out _, out var id, out _) ? id : null;
}
