using System.Runtime.CompilerServices;
using PasswordSync.Capture.Scope;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Capture.Resolution;

public sealed partial class LdapSourceDirectory
{
    // Also inetOrgPerson; no contact, whose class is another.
    private static readonly LdapFilter People = LdapFilter.Parse("(&(objectCategory=person)(objectClass=user))");

    /// <summary>All accounts of a scope that can be captured, with the stamps of their passwords, page by page as the directory gives them.</summary>
    /// <param name="scope">Which.</param>
    /// <param name="pageSize">How many are read at once; at most what the directory allows, which is 1,000 on Windows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully; also after some accounts.</exception>
    public async IAsyncEnumerable<ListedAccount> ListAsync(ScopeRule scope, int pageSize, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var connection = await AskAsync((open, _) => Task.FromResult(open), cancellationToken).ConfigureAwait(false);
        var request = new LdapSearchRequest(scope.BaseDn, ScopeMatcher.LevelOf(scope.Level), LdapFilter.And(People, ScopeMatcher.FilterOf(scope)), Attributes);
        var entries = connection.SearchPagedAsync(request, pageSize, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var disposing = entries.ConfigureAwait(false);
        while (await AskAsync(async (_, _) => await entries.MoveNextAsync().ConfigureAwait(false), cancellationToken).ConfigureAwait(false))
        {
            var entry = entries.Current;
            if (AccountKind.Exclude(entry) is not null || entry.GetGuid("objectGUID") is not { } guid) continue;
            var metadata = entry.GetBytes(ReplicationMetadata.AttributeName);
            yield return new ListedAccount(guid, NamesOf(entry), metadata is { } value ? StampOf(ReplicationMetadata.Find(value.Span, ReplicationMetadata.UnicodePwd)) : null, IsReadable: metadata is not null);
        }
    }
}

/// <summary>An account as a listing of the directory has it.</summary>
/// <param name="ObjectGuid">Which.</param>
/// <param name="Names">What the directory calls it.</param>
/// <param name="Stamp">The stamp of its password; null if none was ever set, or it may not be read. Its generation is 0: a node knows better.</param>
/// <param name="IsReadable">Whether the stamp may be read.</param>
public sealed record ListedAccount(Guid ObjectGuid, AccountNames Names, Stamp? Stamp, bool IsReadable);
