using System.Net;
using System.Text;

namespace PasswordSync.Lab;

/// <summary>
/// OpenLDAP's own client programs against one server, over LDAPS. The lab uses them, and not the product's client, so that the
/// tests judge the product by something independent of it.
/// </summary>
internal sealed class LdapTools(IPAddress address, string authorityFile, string secretsFolder)
{
    /// <summary>LDAP result code invalidCredentials (RFC 4511, 4.1.9).</summary>
    public const int InvalidCredentials = 49;

    private readonly Dictionary<string, string> _environment = new() { ["LDAPTLS_CACERT"] = authorityFile };

    /// <summary>Applies changes written as LDIF (RFC 2849), in order, stopping at the first that is refused.</summary>
    /// <returns>The exit code is the LDAP result code.</returns>
    public Task<ToolResult> ModifyAsync(string name, string password, string ldif, CancellationToken cancellationToken) =>
        RunAsync(LabTool.LdapModify, name, password, [], ldif, cancellationToken);

    /// <summary>Searches; the output is LDIF without folded lines.</summary>
    /// <returns>The exit code is the LDAP result code.</returns>
    public Task<ToolResult> SearchAsync(
        string name, string password, string baseName, string scope, string filter, IEnumerable<string> attributes, CancellationToken cancellationToken) =>
        RunAsync(LabTool.LdapSearch, name, password, ["-LLL", "-b", baseName, "-s", scope, filter, .. attributes], "", cancellationToken);

    /// <summary>Tries a simple bind.</summary>
    public async Task<BindCheck> BindAsync(string name, string password, CancellationToken cancellationToken)
    {
        var result = await SearchAsync(name, password, "", "base", "(objectClass=*)", ["1.1"], cancellationToken);
        return result.ExitCode switch
        {
            0 => new BindCheck(true, ""),
            InvalidCredentials => new BindCheck(false, result.Errors.Trim()),
            _ => throw new LabEnvironmentException($"A bind at {address} gave neither yes nor no (result {result.ExitCode}): {result.Errors}"),
        };
    }

    /// <summary>The values of one attribute in LDIF without folded lines; values in base 64 are decoded.</summary>
    public static IEnumerable<byte[]> ValuesOf(string attribute, string ldif)
    {
        foreach (var line in ldif.Split('\n'))
        {
            if (line.StartsWith(attribute + ":: ", StringComparison.OrdinalIgnoreCase))
                yield return Convert.FromBase64String(line[(attribute.Length + 3)..]);
            else if (line.StartsWith(attribute + ": ", StringComparison.OrdinalIgnoreCase))
                yield return Encoding.UTF8.GetBytes(line[(attribute.Length + 2)..]);
        }
    }

    private static async Task WriteSecretAsync(string file, string secret, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await stream.WriteAsync(Encoding.UTF8.GetBytes(secret), cancellationToken);
    }

    private async Task<ToolResult> RunAsync(
        LabTool tool, string name, string password, string[] arguments, string input, CancellationToken cancellationToken)
    {
        var secret = Path.Combine(secretsFolder, Path.GetRandomFileName());
        try
        {
            await WriteSecretAsync(secret, password, cancellationToken);
            var run = new ToolRun(
                LabMachine.PathOf(tool), ["-x", "-o", "ldif-wrap=no", "-H", $"ldaps://{address}", "-D", name, "-y", secret, .. arguments])
            {
                Input = input,
                Environment = _environment,
            };
            return await run.RunAsync(cancellationToken);
        }
        finally
        {
            File.Delete(secret);
        }
    }
}

/// <summary>What a server said to a name and a password.</summary>
/// <param name="Accepted">True: the password is this account's, and it may log on.</param>
/// <param name="Diagnostics">If not: the server's words, which tell with Active Directory a wrong password from a locked account.</param>
public sealed record BindCheck(bool Accepted, string Diagnostics);
