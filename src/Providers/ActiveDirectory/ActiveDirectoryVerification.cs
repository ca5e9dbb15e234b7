using System.Collections.Immutable;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Policies;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Checks the settings of an <c>activeDirectory</c> point against the domain. Changes nothing.</summary>
internal static class ActiveDirectoryVerification
{
    private const string Domain = "domain";
    private const string Pdc = "pdc";
    private const string Base = "base";
    private const string Mark = "mark";
    public const string Rights = "rights";

    /// <summary>No account is named to check the rights on.</summary>
    public static readonly VerificationCheck RightsNotRun = VerificationCheck.NotRun(Rights, "Rights are checked on one account only.", "Name one in verifyAccount.");

    public static async Task<VerificationReport> RunAsync(DirectorySession session, ActiveDirectoryOptions options, CancellationToken cancellationToken)
    {
        var checks = new List<VerificationCheck>();
        if (await DirectoryVerification.ConnectAsync(session, checks, cancellationToken) is { } connection)
        {
            try
            {
                await CheckDomainAsync(connection, options, checks, cancellationToken);
                return new VerificationReport([.. checks]) { Policies = await ReadPoliciesAsync(connection, cancellationToken) };
            }
            catch (LdapException e)
            {
                checks.Add(VerificationCheck.Failed(Domain, e.Message, ReadRefusals.Classify(e).Explain()!));
            }
        }

        return new VerificationReport([.. checks]);
    }

    /// <summary>The domain's policies that hold for anybody; empty if they cannot be read, which is no fault of the settings.</summary>
    public static async Task<ImmutableArray<PasswordPolicy>> ReadPoliciesAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        if (await DomainFacts.ReadAsync(connection, cancellationToken) is not { } domain) return [];
        try
        {
            return [.. (await DomainPasswordPolicy.ReadAllAsync(connection, domain.DefaultNamingContext, cancellationToken)).Where(policy => policy.IsApplied).Select(PasswordPolicy.OfTarget)];
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return [];
        }
    }

    private static async Task CheckDomainAsync(LdapConnection connection, ActiveDirectoryOptions options, List<VerificationCheck> checks, CancellationToken cancellationToken)
    {
        if (options.DirectoryKind == DirectoryKind.AdLds)
        {
            await CheckAccountsAsync(connection, options.Base!, options, checks, cancellationToken);
            return;
        }

        if (await DomainFacts.ReadAsync(connection, cancellationToken) is not { } domain)
        {
            checks.Add(VerificationCheck.Failed(Domain, $"{connection.Server} is not a domain controller.", "Name domain controllers (servers), or use the provider ldap."));
            return;
        }

        checks.Add(options.Source is null || domain.InvocationId is not null
            ? VerificationCheck.Passed(Domain, $"{domain} is a domain controller.")
            : VerificationCheck.Failed(Domain, $"The bind account may not read the invocationId of {domain}.", "Let it read the configuration partition: without it, echoes cannot be told (source)."));
        checks.Add(await CheckPdcAsync(connection, domain, cancellationToken));
        await CheckAccountsAsync(connection, options.Base ?? domain.DefaultNamingContext, options, checks, cancellationToken);
    }

    /// <summary>Whether there is something below which accounts can be looked for.</summary>
    public static async Task<VerificationCheck> CheckBaseAsync(LdapConnection connection, string baseDn, CancellationToken cancellationToken) =>
        await ExistsAsync(connection, baseDn, cancellationToken)
            ? VerificationCheck.Passed(Base, $"{baseDn} exists.")
            : VerificationCheck.Failed(Base, $"{baseDn} does not exist, or the bind account may not see it.", "Check base.");

    /// <summary>Whether the controller is the PDC emulator of its domain.</summary>
    public static async Task<VerificationCheck> CheckPdcAsync(LdapConnection connection, DomainFacts domain, CancellationToken cancellationToken) =>
        await domain.FindPdcAsync(connection, cancellationToken) switch
        {
            null => VerificationCheck.NotRun(Pdc, "Who the PDC emulator is cannot be read.", remedy: null),
            { IsThis: true } => VerificationCheck.Passed(Pdc, $"{domain.DnsHostName} is the PDC emulator."),
            { Name: var other } => VerificationCheck.Warned(
                Pdc, $"{domain.DnsHostName} is not the PDC emulator: other controllers refuse a password that is set here until replication brings it.", $"Name {other} first (servers), or set domain, unless the line to it is slow."),
        };

    private static async Task CheckAccountsAsync(LdapConnection connection, string baseDn, ActiveDirectoryOptions options, List<VerificationCheck> checks, CancellationToken cancellationToken)
    {
        checks.Add(await CheckBaseAsync(connection, baseDn, cancellationToken));
        if (options.VerifyAccount is not { } name)
        {
            checks.Add(RightsNotRun);
            return;
        }

        var isLds = options.DirectoryKind == DirectoryKind.AdLds;
        var rule = isLds ? new MatchRule(SourceAttribute.UserPrincipalName, "userPrincipalName") : new MatchRule(SourceAttribute.SamAccountName, "sAMAccountName");
        if (await AccountLookup.FindAsync(connection, options.DirectoryKind, baseDn, rule, name, cancellationToken) is not [var found] || found.GetGuid(AccountLookup.ObjectGuid) is null)
        {
            checks.Add(VerificationCheck.Failed(Rights, $"No account of a person below {baseDn} is called {name}.", $"Check verifyAccount: it is the account's {rule.Target}."));
            return;
        }

        await CheckAccountAsync(connection, found, options, checks, cancellationToken);
    }

    /// <summary>Whether the mark of one account can be read, and its password be reset.</summary>
    public static async Task CheckAccountAsync(LdapConnection connection, LdapEntry found, ActiveDirectoryOptions options, List<VerificationCheck> checks, CancellationToken cancellationToken)
    {
        checks.Add(PasswordVersion.Of(found) is null
            ? VerificationCheck.Failed(Mark, $"The replication metadata of {found.Dn} cannot be read.", $"Let the bind account read {ReplicationMetadata.AttributeName}; without it, writes with unknown outcome are always repeated.")
            : VerificationCheck.Passed(Mark, $"The replication metadata of {found.Dn} can be read."));
        checks.Add(await CheckResetAsync(connection, found.GetGuid(AccountLookup.ObjectGuid)!.Value.ToString("D"), found.Dn, options, cancellationToken));
    }

    /// <summary>
    /// Sends a value that no domain controller can take for a password: one byte, neither UTF-16 nor in quotes. Rights are checked before the
    /// value is looked at, so the kind of refusal tells.
    /// </summary>
    private static async Task<VerificationCheck> CheckResetAsync(LdapConnection connection, string key, string dn, ActiveDirectoryOptions options, CancellationToken cancellationToken)
    {
        var changes = new List<LdapModification> { LdapModification.Replace(UnicodePwd.AttributeName, new byte[] { 0x78 }) };
        if (options.Unlock) changes.Add(LdapModification.Replace("lockoutTime", "0"));
        try
        {
            await connection.ModifyAsync(new LdapModifyRequest(AccountLookup.DnOf(key), changes), cancellationToken);
            throw new InvalidOperationException($"Internal error: {connection.Server} took one byte for a password.");
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.InsufficientAccessRights })
        {
            var why = await ProtectedAccount.ExplainAsync(connection, key, cancellationToken);
            return VerificationCheck.Failed(Rights, $"The bind account may not reset the password of {dn}, or not write lockoutTime there (unlock). {why}".TrimEnd(), "Grant it 'Reset password' and, with unlock, write on lockoutTime.");
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return VerificationCheck.Passed(Rights, $"The bind account may reset the password of {dn}.");
        }
    }

    private static async Task<bool> ExistsAsync(LdapConnection connection, string dn, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.SearchAsync(new LdapSearchRequest(dn, LdapSearchScope.Base, LdapFilter.Present("objectClass"), "1.1"), cancellationToken)).Entries.Count == 1;
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject or LdapResultCode.InvalidDnSyntax })
        {
            return false;
        }
    }
}
