using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Commands;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>request</c>: makes the key of a node that is to join a cluster, and a certificate request for <c>sign-node</c>.</summary>
internal static class RequestCommand
{
    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 600_000);
    private static readonly Option<FileInfo> Output = new("--out") { Description = "Where the certificate request goes, PEM.", Required = true };

    public static Command Create()
    {
        var command = new Command("request", "Makes the key of a node that is to join a cluster, if there is none yet, and a certificate request for it.") { NodeCommand.Config, Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        PrivateFile.EnsureFolder(configuration.DataFolder);
        using var passphrase = await NodeParts.ReadPassphraseAsync(configuration, cancellationToken).ConfigureAwait(false);
        var request = await passphrase.WithUtf8Async(bytes => RequestAsync(configuration, bytes, cancellationToken)).ConfigureAwait(false);
        var output = parsed.GetRequiredValue(Output).FullName;
        await File.WriteAllTextAsync(output, request + "\n", cancellationToken).ConfigureAwait(false);
        Console.WriteLine(
            $"Key: {NodeCredentials.KeyFile(configuration)}. Let a node that has the authority sign {output} (sign-node --name {configuration.Node.Name}), put the certificate at {NodeCredentials.CertificateFile(configuration)} and that node's ca.pem beside it.");
        return ExitCodes.Success;
    }

    private static async Task<string> RequestAsync(NodeConfiguration configuration, ReadOnlyMemory<byte> passphrase, CancellationToken cancellationToken)
    {
        var file = NodeCredentials.KeyFile(configuration);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(file)) key.ImportFromEncryptedPem(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false), passphrase.Span);
        else await PrivateFile.WriteAsync(file, key.ExportEncryptedPkcs8PrivateKeyPem(passphrase.Span, KeyEncryption), cancellationToken).ConfigureAwait(false);
        return new CertificateRequest($"CN={configuration.Node.Name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}
