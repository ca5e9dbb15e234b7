using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Capture.Resolution;

public sealed partial class LdapSourceDirectory
{
    // People, computers and service accounts; no contact and no group.
    private static readonly LdapFilter Accounts = LdapFilter.Equal("objectClass", "user");

    /// <summary>All accounts of the domain that a person may mean by a text: sAMAccountName, userPrincipalName, mail, distinguished name or objectGUID; also those that are never captured.</summary>
    /// <param name="text">As it was typed: it is never a part of a filter's text.</param>
    /// <param name="limit">The most accounts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    public Task<ImmutableArray<ListedAccount>> FindNamedAsync(string text, int limit, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return AskAsync(async (connection, token) =>
        {
            var controller = await IdentifyAsync(connection, token).ConfigureAwait(false);
            var named = new LdapSearchRequest(controller.DomainDn, LdapSearchScope.Subtree, LdapFilter.And(Accounts, NamedAs(text, controller)), Attributes) { SizeLimit = limit };
            var found = (await connection.SearchAsync(named, token).ConfigureAwait(false)).Entries;
            if (found.Count == 0 && text.Contains('=', StringComparison.Ordinal)) found = await FindAtAsync(connection, text, token).ConfigureAwait(false);
            return found.Select(Listed).OfType<ListedAccount>().ToImmutableArray();
        }, cancellationToken);
    }

    private static LdapFilter NamedAs(string text, ControllerIdentity controller)
    {
        var names = new List<LdapFilter> { LdapFilter.Equal("sAMAccountName", text), LdapFilter.Equal("userPrincipalName", text), LdapFilter.Equal("mail", text) };

        // MS-ADTS 5.1.1.1.1: an account signs in with its login at the domain's name too, whether or not it has a userPrincipalName.
        var suffix = $"@{controller.DnsName}";
        if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) && text.Length > suffix.Length) names.Add(LdapFilter.Equal("sAMAccountName", text[..^suffix.Length]));
        if (Guid.TryParse(text, out var guid)) names.Add(LdapFilter.Equal("objectGUID", guid));
        return LdapFilter.Or(names);
    }

    private static async Task<IReadOnlyList<LdapEntry>> FindAtAsync(LdapConnection connection, string dn, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.SearchAsync(new LdapSearchRequest(dn, LdapSearchScope.Base, Accounts, Attributes), cancellationToken).ConfigureAwait(false)).Entries;
        }
        catch (LdapException failure) when (failure is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject or LdapResultCode.InvalidDnSyntax or LdapResultCode.Referral })
        {
            return [];
        }
    }

    private static ListedAccount? Listed(LdapEntry entry)
    {
        if (entry.GetGuid("objectGUID") is not { } guid) return null;
        var metadata = entry.GetBytes(ReplicationMetadata.AttributeName);
        var stamp = metadata is { } value ? StampOf(ReplicationMetadata.Find(value.Span, ReplicationMetadata.UnicodePwd)) : null;
        return new ListedAccount(guid, NamesOf(entry), stamp, IsReadable: metadata is not null) { Exclusion = AccountKind.Exclude(entry) };
    }
}

/// <summary>An account as a listing of the directory has it.</summary>
/// <param name="ObjectGuid">Which.</param>
/// <param name="Names">What the directory calls it.</param>
/// <param name="Stamp">The stamp of its password; null if none was ever set, or it may not be read. Its generation is 0: a node knows better.</param>
/// <param name="IsReadable">Whether the stamp may be read.</param>
public sealed record ListedAccount(Guid ObjectGuid, AccountNames Names, Stamp? Stamp, bool IsReadable)
{
    /// <summary>Why it is never captured; null if it may be.</summary>
    public AccountExclusion? Exclusion { get; init; }
}
