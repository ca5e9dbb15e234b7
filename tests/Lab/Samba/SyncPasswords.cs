namespace PasswordSync.Lab;

/// <summary>
/// Samba's own way to other systems, to be measured against: <c>samba-tool user syncpasswords</c> on a DC, with a script that sets each new password in an
/// OpenLDAP directory. It needs a DC with <see cref="SambaControllerSettings.ReadablePasswords"/>.
/// </summary>
public sealed class SyncPasswords : IAsyncDisposable
{
    // One object in LDIF on standard input; the answer must begin with DONE-EXIT. Objects without a readable password are none of its business. The tool repeats objects: a password that
    // the directory has already, and refuses for that, is set.
    private const string Script = """
        #!/bin/bash
        set -eu
        name= password=
        while IFS= read -r line; do
          case $line in
            'sAMAccountName: '*) name=${line#*: } ;;
            'virtualClearTextUTF8:: '*) password=$(base64 -d <<<"${line#*:: }") ;;
            'virtualClearTextUTF8: '*) password=${line#*: } ;;
          esac
        done
        set_password() { LDAPTLS_CACERT='{authority}' ldappasswd -x -H 'ldaps://{address}' -D '{binder}' -y '{secret}' -T <(printf %s "$password") "uid=$name,{container}" 2>&1; }
        [ -z "$password" ] || said=$(set_password) || [[ $said == *'not being changed from existing value'* ]] || { echo "$said"; exit 1; }
        echo 'DONE-EXIT: set'
        """;

    private const string Attributes = "objectGUID,sAMAccountName,userAccountControl,pwdLastSet,virtualClearTextUTF8";

    private readonly TemporaryFolder folder;
    private readonly ServerProcess process;

    private SyncPasswords(TemporaryFolder folder, ServerProcess process)
    {
        this.folder = folder;
        this.process = process;
    }

    /// <summary>It must be running still: it ends by itself when its script fails.</summary>
    /// <exception cref="LabEnvironmentException">It has ended; the message holds the end of its log.</exception>
    public void RequireRunning()
    {
        if (!process.IsRunning) throw new LabEnvironmentException($"samba-tool user syncpasswords ended:\n{LogTail.Of(folder.PathOf("log"))}");
    }

    /// <summary>Starts it. It first goes over all accounts of the domain, then follows changes.</summary>
    public static async Task<SyncPasswords> StartAsync(SambaDomainController controller, OpenLdapServer target, CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.SambaTool, LabTool.Bash, LabTool.LdapPassword);
        if (controller.Settings.ReadablePasswords is null)
            throw new LabEnvironmentException($"{controller.FullName} keeps no readable passwords: set {nameof(SambaControllerSettings.ReadablePasswords)}.");
        var folder = TemporaryFolder.Create("syncpw");
        try
        {
            var (script, secret) = (folder.PathOf("set-password"), folder.PathOf("secret"));
            await File.WriteAllTextAsync(secret, OpenLdapServer.SynchronisationPassword, cancellationToken);
            await File.WriteAllTextAsync(
                script,
                Script.Replace("{authority}", target.AuthorityFile, StringComparison.Ordinal).Replace("{address}", target.Address.ToString(), StringComparison.Ordinal)
                    .Replace("{binder}", target.SynchronisationName, StringComparison.Ordinal).Replace("{secret}", secret, StringComparison.Ordinal)
                    .Replace("{container}", target.UserContainer, StringComparison.Ordinal),
                cancellationToken);
            File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string[] cache = ["--cache-ldb", folder.PathOf("cache.ldb")];
            (await controller.SambaToolAsync(
                ["user", "syncpasswords", "--cache-ldb-initialize", "--decrypt-samba-gpg", $"--attributes={Attributes}", $"--script={script}", .. cache], "", cancellationToken))
                .RequireSuccess();
            var command = new ServerCommand(
                LabMachine.PathOf(LabTool.SambaTool), ["user", "syncpasswords", .. cache, "-s", controller.ConfigurationFile], folder.PathOf("log"))
            { Environment = controller.Environment };
            return new SyncPasswords(folder, ServerProcess.Start(command));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Dispose();
    }
}
