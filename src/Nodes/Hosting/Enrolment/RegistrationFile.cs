using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.Hosting.Enrolment;

/// <summary>
/// A registration key as a file: a short-lived certificate that opens enrolment alone, with its private key, and whom to trust. <b>Whoever has it can enrol an edge of its source</b>
/// while it lasts. The private key is never sent: TLS proves it.
/// </summary>
public sealed class RegistrationFile
{
    /// <summary>Where a node enrols: the query <c>dc</c> names the domain controller, the body is a PKCS #10 request in PEM, the answer the edge's certificate in PEM.</summary>
    public const string EnrolmentPath = "edge/v1/enrolment";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The cluster that it is for.</summary>
    public required string Cluster { get; init; }

    /// <summary>The source whose edges it enrols.</summary>
    public required string Source { get; init; }

    /// <summary>Which registration key, for logs and the audit; not secret.</summary>
    public required string Id { get; init; }

    /// <summary>How many edges it enrols.</summary>
    public required int Uses { get; init; }

    /// <summary>Addresses of the node that made it; may be empty.</summary>
    public required ImmutableArray<string> Nodes { get; init; }

    /// <summary>The certificate of the cluster's authority, PEM.</summary>
    public required string Authority { get; init; }

    /// <summary>What opens enrolment, PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>The private key of <see cref="Certificate"/>, PKCS #8 in PEM. Secret.</summary>
    public required string Key { get; init; }

    /// <summary>Reads one.</summary>
    /// <exception cref="SettingsException">It is missing, or is no registration key; the message holds nothing of what is secret.</exception>
    public static RegistrationFile Read(string path) => SettingsFile.Read<RegistrationFile>(path);

    /// <summary>Writes it, for the owner alone.</summary>
    public Task WriteAsync(string path, CancellationToken cancellationToken) => PrivateFile.WriteAsync(path, JsonSerializer.Serialize(this, Format) + "\n", cancellationToken);

    /// <summary>Opens it for use at a time. The caller owns both certificates; the second one has its key.</summary>
    /// <param name="path">Where it was read, for messages.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="SettingsException">It is over, not valid yet, or damaged.</exception>
    public (X509Certificate2 Authority, X509Certificate2 Opener) Open(string path, DateTimeOffset now)
    {
        X509Certificate2? authority = null;
        try
        {
            authority = X509Certificate2.CreateFromPem(Authority);
            using var bare = X509Certificate2.CreateFromPem(Certificate);
            var (begin, end) = (CertificateTerm.BeginOf(bare), CertificateTerm.EndOf(bare));
            if (now < begin) throw Fault(path, $"valid from {begin:u}", $"this machine's clock says {now:u}: set it right.");
            if (now >= end) throw Fault(path, $"valid until {end:u}", $"it is over; this machine's clock says {now:u}. Make another one (registration-key at the node), or compare the clocks.");
            if (!PeerTrust.TryIdentify(bare, authority, Cluster, now, out var name, out var refusal)) throw Fault(path, Id, $"{refusal}: copy the file anew, or make another one.");
            if (name != new PeerName.Registration(Cluster, new SourceId(Source), Id)) throw Fault(path, Id, $"its certificate stands for {name.ToUri()}: it was changed; make another one.");
            if (Nodes.Any(node => !Uri.TryCreate(node, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)) throw Fault(path, string.Join(", ", Nodes), "its nodes are no https addresses: correct advertise at the node, and make another one.");
            using var key = ECDsa.Create();
            key.ImportFromPem(Key);
            return (authority, KeyedCertificate.Join(bare, key));
        }
        catch (Exception failure)
        {
            authority?.Dispose();
            if (failure is CryptographicException or ArgumentException) throw Fault(path, Id, "it is damaged: copy the file anew, or make another one.");
            throw;
        }
    }

    /// <summary>SHA-256 of a certificate, for people to compare.</summary>
    public static string FingerprintOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
    }

    /// <summary>Its id: never the key.</summary>
    public override string ToString() => $"registration key {Id}";

    private static SettingsException Fault(string path, string found, string remedy) => new(path, [new SettingFault("registrationKey", found, remedy)]);
}
