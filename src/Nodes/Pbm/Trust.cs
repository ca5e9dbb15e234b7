using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Pbm;

/// <summary>
/// Which node's certificate is trusted: the one named on the command line, else the one pinned for the address when it was first used, as ssh does it. What is
/// pinned is the public key, so a certificate that was renewed with its key stays trusted. Names and dates are not looked at: the key is all.
/// </summary>
internal sealed class Trust(CommandLine line, Terminal terminal)
{
    private const string Prefix = "sha256:";

    // Read before anything is sent: a file that is not there is no fault of the node.
    private readonly string? named = line.Certificate is { } given ? ReadPin(given) : null;

    private string KnownNodes => Path.Combine(terminal.Home, "known-nodes");

    /// <summary>The fingerprint that the node showed last, for the messages after a refusal.</summary>
    public string? Refused { get; private set; }

    /// <summary>Whether a node's certificate is the one.</summary>
    public bool IsTrusted(X509Certificate2 certificate)
    {
        var shown = FingerprintOf(certificate);
        var wanted = named ?? Known();
        var trusted = wanted is null ? Ask(shown) : CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(wanted), System.Text.Encoding.ASCII.GetBytes(shown));
        Refused = trusted ? null : shown;
        return trusted;
    }

    /// <summary>What to say when it was not.</summary>
    public string Explain()
    {
        if (line.Certificate is { } given) return $"The node {line.Address} shows the certificate {Refused}, which is not that of {given}.";
        return Known() is null
            ? $"The node {line.Address} was never used before, and nobody is here to ask. It shows the certificate {Refused}. Compare it with the node's log (event 4816) and name it: --certificate {Refused}, or --certificate FILE with a copy of the node's admin.pem."
            : $"The node {line.Address} shows another certificate ({Refused}) than before: somebody may listen in, or the node was made anew. If you are sure, remove its line from {KnownNodes}.";
    }

    public static string FingerprintOf(X509Certificate2 certificate) => Prefix + Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    private static string ReadPin(string named)
    {
        if (named.StartsWith(Prefix, StringComparison.Ordinal)) return named.ToLowerInvariant();
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(named);
            return FingerprintOf(certificate);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new PbmException(ExitCodes.Usage, $"The certificate {named} cannot be read: {failure.Message}", failure);
        }
    }

    private string? Known() => File.Exists(KnownNodes)
        ? File.ReadLines(KnownNodes).Select(known => known.Split(' ', 2)).FirstOrDefault(known => known.Length == 2 && known[0] == line.Address)?[1].Trim()
        : null;

    private bool Ask(string shown)
    {
        if (!terminal.IsInteractive) return false;
        terminal.Error.WriteLine($"The node {line.Address} was never used before. Its certificate's fingerprint is");
        terminal.Error.WriteLine($"  {shown}");
        terminal.Error.Write("The node's log tells the same (event 4816). Trust it from now on? [yes/no] ");
        if (terminal.In.ReadLine()?.Trim() is not "yes") return false;
        OwnFiles.Append(terminal.Home, "known-nodes", $"{line.Address} {shown}");
        return true;
    }
}
