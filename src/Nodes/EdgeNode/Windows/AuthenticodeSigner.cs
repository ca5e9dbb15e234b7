using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;

namespace PasswordSync.EdgeNode.Windows;

/// <summary>Tells who signed a Windows program, for people; whether the signature is good and trusted is for Windows to say.</summary>
public static class AuthenticodeSigner
{
    /// <summary>WIN_CERTIFICATE of the "PE Format": length, revision, type, then the signature.</summary>
    private const int CertificateHeader = 8;

    /// <summary>Such as <c>signed by CN=Example, O=Example</c> or <c>unsigned</c>.</summary>
    /// <param name="image">The whole file.</param>
    public static string Describe(byte[] image)
    {
        ArgumentNullException.ThrowIfNull(image);
        try
        {
            using var reader = new PEReader(new MemoryStream(image, writable: false));
            var directory = reader.PEHeaders.PEHeader?.CertificateTableDirectory;
            if (directory is not { Size: > CertificateHeader } table) return "unsigned";

            // Of all directories only this one holds an offset in the file.
            var signature = image.AsSpan(table.RelativeVirtualAddress, table.Size)[CertificateHeader..];
            var message = new SignedCms();
            message.Decode(signature);
            return message.SignerInfos[0].Certificate is { } signer ? $"signed by {signer.Subject}" : "signed, without the signer's certificate";
        }
        catch (Exception exception) when (exception is BadImageFormatException or CryptographicException or ArgumentOutOfRangeException)
        {
            return "signed in a way that cannot be read";
        }
    }
}
