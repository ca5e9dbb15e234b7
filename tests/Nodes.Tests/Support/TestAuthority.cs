using System.Collections.Concurrent;
using System.Security.Cryptography;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.Nodes.Tests.Support;

/// <summary>
/// The authority of the test nodes of a process. The product made it, once: what protects its key is slow on purpose, and slower than all else at a node's start. Nodes get it with a quick
/// protection of the same kind, which they read like any other.
/// </summary>
internal static class TestAuthority
{
    private static readonly PbeParameters Quick = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1_000);

    /// <summary>Before now, so that certificates can be signed back in time.</summary>
    private static readonly DateTimeOffset LongAgo = DateTimeOffset.UtcNow.AddDays(-400);

    private static readonly ConcurrentDictionary<DateTimeOffset, Lazy<Task<(string Certificate, string Key)>>> Made = new();

    /// <summary>Puts it where a node that makes its cluster would make one of its own.</summary>
    public static Task PutAsync(string dataFolder, CancellationToken cancellationToken) => PutAsync(dataFolder, LongAgo, cancellationToken);

    /// <summary>As above, for a clock that shows another time.</summary>
    public static async Task PutAsync(string dataFolder, DateTimeOffset madeAt, CancellationToken cancellationToken)
    {
        var (certificate, key) = await Made.GetOrAdd(madeAt, at => new(() => MakeAsync(at))).Value.WaitAsync(cancellationToken);
        PrivateFile.EnsureFolder(dataFolder);
        await File.WriteAllTextAsync(Path.Combine(dataFolder, "ca.pem"), certificate, cancellationToken);
        await PrivateFile.WriteAsync(Path.Combine(dataFolder, "ca.key"), key, cancellationToken);
    }

    private static async Task<(string Certificate, string Key)> MakeAsync(DateTimeOffset at)
    {
        var folder = Directory.CreateTempSubdirectory("passwordsync-authority-");
        try
        {
            using var authority = await ClusterAuthority.OpenOrCreateAsync(folder.FullName, TestNode.Cluster, TestNode.Passphrase, at, CancellationToken.None);
            using var key = ECDsa.Create();
            key.ImportFromEncryptedPem(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "ca.key")), TestNode.Passphrase);
            return (authority.Certificate.ExportCertificatePem(), key.ExportEncryptedPkcs8PrivateKeyPem(TestNode.Passphrase, Quick));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
