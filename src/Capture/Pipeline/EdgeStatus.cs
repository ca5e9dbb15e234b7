using PasswordSync.Capture.Spool;

namespace PasswordSync.Capture.Pipeline;

/// <summary>The edge at one moment.</summary>
/// <param name="AccountsProving">Accounts with captures whose stamp is not proven.</param>
/// <param name="Matching">Captures whose scopes are being evaluated, or wait for the first configuration.</param>
/// <param name="InGrace">Captures in no scope that wait for their grace time to end.</param>
/// <param name="Sending">Captures and reports that wait for a node's answer.</param>
/// <param name="Sent">Captures that a node took, since the start.</param>
/// <param name="Reported">Captures that are not to be sent and were reported, since the start.</param>
/// <param name="Unwanted">Captures in no scope that were destroyed, since the start.</param>
/// <param name="Excluded">Captures of accounts that are never captured, since the start.</param>
/// <param name="OldestCapturedAt">When the oldest decided capture that no node has was captured; null if there is none.</param>
/// <param name="Spool">The spool.</param>
public sealed record EdgeStatus(
    int AccountsProving, int Matching, int InGrace, int Sending, long Sent, long Reported, long Unwanted, long Excluded, DateTimeOffset? OldestCapturedAt, SpoolStatus Spool);
