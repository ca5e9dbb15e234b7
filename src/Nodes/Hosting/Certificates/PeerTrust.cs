using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Hosting.Certificates;

/// <summary>Trust in one cluster's own authority and in nothing else.</summary>
public static class PeerTrust
{
    /// <summary>Whether a certificate was signed by the authority, is valid now, and stands for a peer of the cluster.</summary>
    /// <param name="certificate">What the other side showed.</param>
    /// <param name="authority">The cluster's authority.</param>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="now">The time of the check.</param>
    /// <param name="peer">Who it is.</param>
    /// <param name="refusal">Why not, for people; null if all is well.</param>
    public static bool TryIdentify(
        X509Certificate2 certificate, X509Certificate2 authority, string cluster, DateTimeOffset now, [NotNullWhen(true)] out PeerName? peer, [NotNullWhen(false)] out string? refusal)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        peer = null;
        refusal = null;
        if (!chain.Build(certificate))
        {
            refusal = $"the certificate '{certificate.Subject}' is not trusted: {string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation.Trim()))}";
        }
        else if (!PeerName.TryRead(certificate, out peer))
        {
            refusal = $"the certificate '{certificate.Subject}' does not say which node or edge it stands for";
        }
        else if (!string.Equals(peer.Cluster, cluster, StringComparison.OrdinalIgnoreCase))
        {
            refusal = $"the certificate '{certificate.Subject}' is of the cluster '{peer.Cluster}', not '{cluster}'";
            peer = null;
        }

        return peer is not null;
    }
}
