using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations;

/// <summary>A person's journalled state, or why this version cannot read it: a newer version wrote it, or it is damaged.</summary>
/// <param name="Identity">Whose.</param>
/// <param name="State">The state; null where it cannot be read.</param>
/// <param name="UnreadableBecause">Why it cannot be read, as a sentence; null where it can.</param>
internal readonly record struct LoadedIdentity(IdentityId Identity, IdentityState? State, string? UnreadableBecause)
{
    /// <summary>What a list says of somebody who cannot be read, where it says of others how they stand.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Reads one.</summary>
    public static async Task<LoadedIdentity> LoadAsync(IIdentityJournal journal, IdentityId identity, CancellationToken cancellationToken)
    {
        try
        {
            return new LoadedIdentity(identity, await journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false), null);
        }
        catch (UnreadableRecordException failure)
        {
            return new LoadedIdentity(identity, null, $"The journal of this person cannot be read: {failure.Message}");
        }
    }
}
