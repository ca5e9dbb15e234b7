using System.Text;

namespace PasswordSync.Lab;

/// <summary>
/// The five ways of <see cref="PasswordChangeWay"/>. Passwords go through standard input only, so that a search of all command
/// lines finds those that the product leaks, and none of the lab's.
/// </summary>
internal static class PasswordChange
{
    /// <summary>LDAP result codes that mean "the server understood and says no" (RFC 4511): constraintViolation, insufficientAccessRights, unwillingToPerform.</summary>
    private static readonly int[] LdapRefusals = [19, 50, 53];

    public static async Task<PasswordChangeResult> RunAsync(
        SambaDomainController controller, PasswordChangeWay way, LabUser user, string current, string replacement, CancellationToken cancellationToken)
    {
        var result = way switch
        {
            PasswordChangeWay.LdapReplace => await controller.Ldap.ModifyAsync(
                controller.Domain.AdministratorName, SambaDomain.AdministratorPassword,
                $"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {Quoted(replacement)}\n", cancellationToken),
            PasswordChangeWay.LdapDeleteAndAdd => await controller.Ldap.ModifyAsync(
                controller.Domain.PrincipalNameOf(user), current,
                $"dn: {user.DistinguishedName}\nchangetype: modify\ndelete: unicodePwd\nunicodePwd:: {Quoted(current)}\n-\nadd: unicodePwd\nunicodePwd:: {Quoted(replacement)}\n",
                cancellationToken),
            PasswordChangeWay.KerberosPassword => await controller.RunToolAsync(
                LabTool.KPasswd, [$"{user.AccountName}@{controller.Domain.Options.Realm}"],
                $"{current}\n{replacement}\n{replacement}\n", cancellationToken),
            PasswordChangeWay.SambaTool => await controller.SambaToolAsync(
                ["user", "setpassword", user.AccountName], $"{replacement}\n{replacement}\n", cancellationToken),
            PasswordChangeWay.SmbPassword => await controller.RunToolAsync(
                LabTool.SmbPasswd, ["-s", "-c", controller.ConfigurationFile, "-r", controller.FullName, "-U", user.AccountName],
                $"{current}\n{replacement}\n{replacement}\n", cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(way), way, "not a way to change a password"),
        };
        if (result.ExitCode == 0) return new PasswordChangeResult(true, "");
        var diagnostics = (result.Errors + result.Output).Trim();
        if (IsRefusal(way, result.ExitCode, diagnostics)) return new PasswordChangeResult(false, diagnostics);
        throw new LabEnvironmentException($"A change by {way} at {controller.FullName} was neither made nor refused (exit code {result.ExitCode}):\n{diagnostics}");
    }

    /// <summary>The form in which Active Directory takes a password (MS-ADTS 3.1.1.3.1.5.1): in quotation marks, UTF-16LE; here in base 64 for LDIF.</summary>
    public static string Quoted(string password) => Convert.ToBase64String(Encoding.Unicode.GetBytes($"\"{password}\""));

    private static bool IsRefusal(PasswordChangeWay way, int exitCode, string diagnostics) => way switch
    {
        PasswordChangeWay.LdapReplace or PasswordChangeWay.LdapDeleteAndAdd => LdapRefusals.Contains(exitCode),
        PasswordChangeWay.KerberosPassword => exitCode == 2 && diagnostics.Contains("Password change rejected", StringComparison.Ordinal),
        PasswordChangeWay.SambaTool => diagnostics.Contains("0000052D", StringComparison.Ordinal),
        PasswordChangeWay.SmbPassword => diagnostics.Contains("rejected to change the password", StringComparison.Ordinal)
            || diagnostics.Contains("NT_STATUS_PASSWORD_RESTRICTION", StringComparison.Ordinal),
        _ => false,
    };
}
