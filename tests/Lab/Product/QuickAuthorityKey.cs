using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Lab.Product;

/// <summary>
/// The key of a lab's authority. What protects one is slow on purpose, and slower than all else at a start of the sync server, of which tests make very many. A quick protection of the same kind is
/// read like any other.
/// </summary>
internal static class QuickAuthorityKey
{
    private static readonly PbeParameters Quick = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1_000);

    /// <summary>Protects the key that the product made anew, in its place.</summary>
    public static async Task MakeAsync(string file, string passphrase, CancellationToken cancellationToken)
    {
        var password = Encoding.UTF8.GetBytes(passphrase);
        using var key = ECDsa.Create();
        key.ImportFromEncryptedPem(await File.ReadAllTextAsync(file, cancellationToken), password);
        await File.WriteAllTextAsync(file, key.ExportEncryptedPkcs8PrivateKeyPem(password, Quick), cancellationToken);
    }
}
