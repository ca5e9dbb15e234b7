using PasswordSync.Capture.Listener;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Pipeline;

/// <summary>One account's captures until they are decided. The schedule's fields belong to <see cref="ProofSchedule"/>, the others to the one look that is under way.</summary>
internal sealed class AccountWork(AccountKey key, string accountName)
{
    public AccountKey Key { get; } = key;

    /// <summary>The name as the hook gave it first.</summary>
    public string AccountName { get; } = accountName;

    /// <summary>Captures that no look has taken up yet.</summary>
    public List<ObservedCapture> Arrived { get; } = [];

    /// <summary>When to look next; null while a look is under way.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>Captures that are not decided.</summary>
    public Dictionary<CaptureId, ObservedCapture> Open { get; } = [];

    /// <summary>The account that the last look found.</summary>
    public Guid? ObjectGuid { get; set; }

    public AccountProof Proof { get; set; } = AccountProof.Unknown;
}
