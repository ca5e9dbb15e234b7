using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;

namespace PasswordSync.Providers.Ldap;

/// <summary>Checks the settings of an <c>ldap</c> point against the directory. Changes nothing.</summary>
internal static class LdapVerification
{
    /// <summary>The object identifier of RFC 3062, section 2.</summary>
    private const string PasswordModifyOid = "1.3.6.1.4.1.4203.1.11.1";

    private const string Operation = "passwordModify";
    private const string Base = "base";
    private const string Key = "keyAttribute";

    public static async Task<VerificationReport> RunAsync(DirectorySession session, LdapTargetOptions options, CancellationToken cancellationToken)
    {
        var checks = new List<VerificationCheck>();
        if (await DirectoryVerification.ConnectAsync(session, checks, cancellationToken) is not { } connection) return new VerificationReport([.. checks]);
        checks.Add(await CheckOperationAsync(connection, cancellationToken));
        await CheckBaseAsync(connection, options, checks, cancellationToken);
        checks.Add(VerificationCheck.NotRun("rights", "No directory tells whether a password may be written without its being written.", "See the first deliveries; a missing right is reported with the entry's name."));
        var (policyCheck, policies) = await DirectoryPolicies.ReadAsync(connection, options, cancellationToken);
        return new VerificationReport([.. checks, policyCheck]) { Policies = policies };
    }

    private static async Task<VerificationCheck> CheckOperationAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var root = (await connection.SearchAsync(
                new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "supportedExtension"), cancellationToken)).Entries.SingleOrDefault();
            return root?.GetStrings("supportedExtension").Contains(PasswordModifyOid) == true
                ? VerificationCheck.Passed(Operation, "The server has the password modification of RFC 3062.")
                : VerificationCheck.Failed(Operation, "The server does not name the password modification of RFC 3062 among its extensions.", "Use a server that has it; for Active Directory use the provider activeDirectory.");
        }
        catch (LdapException e)
        {
            return VerificationCheck.Failed(Operation, e.Message, "Let the bind account read the root DSE.");
        }
    }

    private static async Task CheckBaseAsync(LdapConnection connection, LdapTargetOptions options, List<VerificationCheck> checks, CancellationToken cancellationToken)
    {
        try
        {
            var entry = (await connection.SearchAsync(
                new LdapSearchRequest(options.Base, LdapSearchScope.Base, LdapFilter.Present("objectClass"), options.KeyAttribute), cancellationToken)).Entries.SingleOrDefault();
            checks.Add(entry is null
                ? VerificationCheck.Failed(Base, $"The bind account may not see {options.Base}.", "Let it read there, or check base.")
                : VerificationCheck.Passed(Base, $"{options.Base} exists."));
            if (entry is null) return;
            checks.Add(entry.TryGet(options.KeyAttribute, out _)
                ? VerificationCheck.Passed(Key, $"{options.KeyAttribute} can be read.")
                : VerificationCheck.Failed(Key, $"{options.Base} shows no {options.KeyAttribute}.", "Let the bind account read it, or name another lasting and unique attribute (keyAttribute)."));
        }
        catch (LdapException e)
        {
            checks.Add(VerificationCheck.Failed(Base, e.Message, "Check base."));
        }
    }
}
