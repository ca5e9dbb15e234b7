using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Settings;
using PasswordSync.SyncNode.Audit;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary>What <c>sign-edge</c> and <c>sign-node</c> have in common: a request comes in, a certificate goes out.</summary>
internal static class Signing
{
    public static Option<FileInfo> Request { get; } = new("--request") { Description = "The certificate request, PEM.", Required = true };

    public static Option<FileInfo> Output { get; } = new("--out") { Description = "Where the certificate goes, PEM.", Required = true };

    /// <summary>Signs with the cluster's authority, which must be here: making another one would end the trust in the first. It is written down for the audit before the certificate leaves.</summary>
    /// <exception cref="SettingsException">The authority's key is not here.</exception>
    public static async Task<int> RunAsync(
        ParseResult parsed, NodeConfiguration configuration, PeerName name, Func<ClusterAuthority, string, DateTimeOffset, X509Certificate2> sign, CancellationToken cancellationToken)
    {
        var request = await File.ReadAllTextAsync(parsed.GetRequiredValue(Request).FullName, cancellationToken).ConfigureAwait(false);
        var now = (await NodeStore.WaitForClockAsync(configuration, TimeProvider.System, cancellationToken).ConfigureAwait(false)).GetUtcNow();
        using var authority = await OpenAuthorityAsync(configuration, now, cancellationToken).ConfigureAwait(false);
        using var certificate = sign(authority, request, now);
        await new CommandRecords(configuration.DataFolder).WriteAsync(
            configuration.Node.Name, parsed.CommandResult.Command.Name, $"{name.ToUri()}",
            $"serial {certificate.SerialNumber}, until {CertificateTerm.EndOf(certificate):u}, key {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}",
            now, cancellationToken).ConfigureAwait(false);
        var output = parsed.GetRequiredValue(Output).FullName;
        await File.WriteAllTextAsync(output, certificate.ExportCertificatePem() + "\n", cancellationToken).ConfigureAwait(false);
        Console.WriteLine($"Signed {name.ToUri()} until {certificate.NotAfter.ToUniversalTime():u}: {output}");
        return ExitCodes.Success;
    }

    /// <summary>The cluster's authority with its key; the caller owns it.</summary>
    /// <exception cref="SettingsException">The key is not here.</exception>
    public static async Task<ClusterAuthority> OpenAuthorityAsync(NodeConfiguration configuration, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!ClusterAuthority.IsIn(configuration.DataFolder)) throw Fault(configuration, "data", configuration.DataFolder, "the authority's key (ca.key) is not here: sign at the node that has it, after its init.");
        using var passphrase = await NodeParts.ReadPassphraseAsync(configuration, cancellationToken).ConfigureAwait(false);
        return await passphrase.WithUtf8Async(bytes => ClusterAuthority.OpenOrCreateAsync(configuration.DataFolder, configuration.Node.Cluster, bytes, now, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>One of the node's sources.</summary>
    /// <exception cref="SettingsException">It is none.</exception>
    public static SourceId SourceOf(NodeConfiguration configuration, string source) => configuration.Node.Sources.ContainsKey(source)
        ? new SourceId(source)
        : throw Fault(configuration, "--source", source, $"use one of the node's sources: {string.Join(", ", configuration.Node.Sources.Keys)}.");

    public static SettingsException Fault(NodeConfiguration configuration, string key, string found, string remedy) => new(configuration.File, [new SettingFault(key, found, remedy)]);
}
