namespace PasswordSync.Lab;

/// <summary>A key pair without a passphrase, in a GnuPG home of its own.</summary>
/// <param name="HomeFolder">What programs must find as <c>GNUPGHOME</c>.</param>
/// <param name="Fingerprint">Names the key.</param>
public sealed record GnuPgKey(string HomeFolder, string Fingerprint)
{
    /// <summary>Makes a key for encryption in a new folder.</summary>
    public static async Task<GnuPgKey> CreateAsync(string folder, CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.Gpg, LabTool.GpgConf);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await RunAsync(LabTool.Gpg, ["--batch", "--passphrase", "", "--quick-generate-key", "lab", "rsa2048", "encr", "never"]);
        var listed = await RunAsync(LabTool.Gpg, ["--batch", "--with-colons", "--list-secret-keys"]);

        // The agent that gpg starts would live on; whoever decrypts starts one of its own.
        await RunAsync(LabTool.GpgConf, ["--kill", "gpg-agent"]);
        var fingerprint = listed.Output.Split('\n').First(line => line.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
        return new GnuPgKey(folder, fingerprint);

        async Task<ToolResult> RunAsync(LabTool tool, IReadOnlyList<string> arguments)
        {
            var run = new ToolRun(LabMachine.PathOf(tool), arguments) { Environment = new Dictionary<string, string> { ["GNUPGHOME"] = folder } };
            return (await run.RunAsync(cancellationToken)).RequireSuccess();
        }
    }
}
