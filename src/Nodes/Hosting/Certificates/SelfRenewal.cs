using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>
/// How an edge, or a node without the authority's key, gets its next certificate by itself: it makes a new key, lets a node sign it over a connection that the present certificate still
/// opens, and keeps both in one file of its data folder, which is written whole. Until that is done, and whenever it fails, the present certificate goes on.
/// </summary>
/// <param name="folder">The peer's data folder.</param>
/// <param name="name">Whose certificate it is.</param>
/// <param name="authority">The certificate of the cluster's authority; not owned.</param>
public sealed class SelfRenewal(string folder, PeerName name, X509Certificate2 authority)
{
    /// <summary>Where a node signs: the body is a PKCS #10 request in PEM, the answer the certificate in PEM.</summary>
    public const string Path = "peer/v1/certificate";

    private static readonly PbeParameters KeyEncryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 600_000);

    /// <summary>The file with the renewed certificate and its key.</summary>
    public string File { get; } = System.IO.Path.Combine(folder, "renewed.pem");

    /// <summary>Whether it is time, and the next certificate could last longer than the present one.</summary>
    public bool IsDue(X509Certificate2 present, DateTimeOffset now) => CertificateTerm.IsRenewalDue(present, now) && CertificateTerm.EndOf(authority) > CertificateTerm.EndOf(present);

    /// <summary>The certificate of the file, with its key. The caller owns it.</summary>
    /// <param name="passphrase">What the key is encrypted with; empty for a key that is not.</param>
    /// <param name="now">The time.</param>
    /// <param name="fault">What is wrong with the file (another name, another authority, damaged) and what to do; null if nothing is, or if its certificate is only over.</param>
    /// <returns>Null if there is none, or none that is good now.</returns>
    public X509Certificate2? Read(ReadOnlySpan<byte> passphrase, DateTimeOffset now, out string? fault)
    {
        fault = null;
        if (!System.IO.File.Exists(File)) return null;
        try
        {
            var text = System.IO.File.ReadAllText(File);
            using var bare = X509Certificate2.CreateFromPem(text);
            // Of what is over the certificate that people put there speaks, when it ends.
            if (CertificateTerm.EndOf(bare) <= now) return null;
            if (FindFault(bare, now) is { } found)
            {
                fault = Sentence(found);
                return null;
            }

            using var key = ECDsa.Create();
            if (passphrase.IsEmpty) key.ImportFromPem(text);
            else key.ImportFromEncryptedPem(text, passphrase);
            return KeyedCertificate.Join(bare, key);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // The certificate that people put there is still to be had.
            fault = Sentence(failure.Message);
            return null;
        }
    }

    private string Sentence(string found) =>
        $"{File} cannot be used: {found.TrimEnd('.')}. Delete it, or leave it: the next renewal writes it anew. If no renewal comes about either, the certificate is to be signed by hand, before the configured one ends.";

    /// <summary>Asks the nodes, one after the other, and keeps what the first one signs.</summary>
    /// <param name="http">Shows the present certificate, and talks to nodes of the cluster alone.</param>
    /// <param name="nodes">Where to ask.</param>
    /// <param name="present">The certificate that is to be followed.</param>
    /// <param name="passphrase">What to encrypt the key with; empty to leave it as it is.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The next certificate, with its key; the caller owns it.</returns>
    /// <exception cref="HttpRequestException">No node signed; the message has each one's answer.</exception>
    /// <exception cref="CryptographicException">What was signed is not what was asked for.</exception>
    /// <exception cref="IOException">It cannot be kept, and is not used then.</exception>
    public async Task<X509Certificate2> RenewAsync(
        HttpClient http, IReadOnlyCollection<Uri> nodes, X509Certificate2 present, ReadOnlyMemory<byte> passphrase, TimeProvider clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(clock);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name.ToUri().Segments[^1]}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var signed = X509Certificate2.CreateFromPem(await CertificateQuestion.AskAsync(http, nodes, Path, request, clock, cancellationToken).ConfigureAwait(false));
        if (FindFault(signed, clock.GetUtcNow()) is { } fault) throw new CryptographicException($"What a node signed cannot be used: {fault}. Compare the clocks.");
        if (CertificateTerm.EndOf(signed) <= CertificateTerm.EndOf(present)) throw new CryptographicException("What a node signed ends no later than the present certificate.");
        var next = Join(signed, key);
        try
        {
            var keyText = passphrase.IsEmpty ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase.Span, KeyEncryption);
            await PrivateFile.WriteAsync(File, $"{signed.ExportCertificatePem()}\n{keyText}\n", cancellationToken).ConfigureAwait(false);
            return next;
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    private static X509Certificate2 Join(X509Certificate2 signed, ECDsa key)
    {
        try
        {
            return KeyedCertificate.Join(signed, key);
        }
        catch (ArgumentException failure)
        {
            throw new CryptographicException("What a node signed is of another key than this one's.", failure);
        }
    }

    private string? FindFault(X509Certificate2 certificate, DateTimeOffset now) => !PeerTrust.TryIdentify(certificate, authority, name.Cluster, now, out var peer, out var refusal)
        ? refusal
        : peer == name ? null : $"it stands for {peer.ToUri()}, not for {name.ToUri()}";
}
