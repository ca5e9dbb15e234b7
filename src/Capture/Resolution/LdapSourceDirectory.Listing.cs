using System.Runtime.CompilerServices;
using PasswordSync.Capture.Scope;
using PasswordSync.Core.Intake;
using PasswordSync.Ldap;

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
            if (Listed(entries.Current) is { Exclusion: null } account) yield return account;
        }
    }
}
