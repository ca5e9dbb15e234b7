using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.Keys;

/// <summary>
/// A private key of the cluster. Thread-safe. Its scalar is in memory that is never moved and is wiped by <see cref="Dispose"/>; what the
/// platform's own key objects hold is freed with them.
/// </summary>
public sealed class PrivateSealingKey : IDisposable
{
    /// <summary>The size of the scalar, in bytes.</summary>
    internal const int ScalarSize = P256Point.CoordinateSize;

    private readonly Lock gate = new();
    private readonly byte[] scalar;

    // Instances of the platform's key are not promised to be thread-safe, and importing one costs as much as opening: so each is used by one
    // thread at a time and kept for the next.
    private readonly Stack<ECDiffieHellman> idle = new();
    private bool disposed;

    private PrivateSealingKey(PublicSealingKey publicKey, byte[] scalar, ECDiffieHellman imported)
    {
        PublicKey = publicKey;
        this.scalar = scalar;
        idle.Push(imported);
    }

    /// <summary>The other half.</summary>
    public PublicSealingKey PublicKey { get; }

    /// <summary>The most platform keys kept for later use: more threads than this at once import one each time.</summary>
    private static int IdleMax => Environment.ProcessorCount;

    /// <summary>Makes a new key pair. The caller owns it.</summary>
    public static PrivateSealingKey Generate()
    {
        var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var scalar = GC.AllocateUninitializedArray<byte>(ScalarSize, pinned: true);
        var exported = key.ExportParameters(includePrivateParameters: true);
        try
        {
            exported.D!.CopyTo(scalar, 0);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(exported.D);
        }

        return new PrivateSealingKey(PublicKeyOf(key), scalar, key);
    }

    /// <summary>
    /// Takes a copy of a key pair; false if the two are no pair of P-256. The caller keeps and wipes its own bytes, and owns the key.
    /// </summary>
    internal static bool TryImport(ReadOnlySpan<byte> scalar, PublicSealingKey publicKey, [NotNullWhen(true)] out PrivateSealingKey? key)
    {
        key = null;
        var copy = GC.AllocateUninitializedArray<byte>(ScalarSize, pinned: true);
        scalar.CopyTo(copy);
        try
        {
            key = new PrivateSealingKey(publicKey, copy, Import(copy, publicKey));
            return true;
        }
        catch (CryptographicException)
        {
            CryptographicOperations.ZeroMemory(copy);
            return false;
        }
    }

    /// <summary>Sets up the context that opens what was sealed with <paramref name="encapsulated"/>; false if this key was wiped meanwhile.</summary>
    /// <param name="encapsulated">A valid point.</param>
    internal bool TrySetUpRecipient(HpkeBaseMode mode, ReadOnlySpan<byte> encapsulated, [NotNullWhen(true)] out HpkeContext? context)
    {
        context = null;
        if (!TryRent(out var key)) return false;
        try
        {
            context = mode.SetUpRecipient(key, PublicKey.Bytes, encapsulated);
            return true;
        }
        finally
        {
            Return(key);
        }
    }

    /// <summary>Copies the scalar for wrapping; the caller wipes its copy.</summary>
    /// <param name="destination">Exactly <see cref="ScalarSize"/> bytes.</param>
    /// <exception cref="ObjectDisposedException">The key was wiped.</exception>
    internal void CopyScalar(Span<byte> destination)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            scalar.CopyTo(destination);
        }
    }

    /// <summary>Wipes the key. Openings under way end first with what they hold. May be called again.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            CryptographicOperations.ZeroMemory(scalar);
            while (idle.TryPop(out var key)) key.Dispose();
        }
    }

    /// <summary>Always without the key itself.</summary>
    public override string ToString() => $"[private key {PublicKey.Id}]";

    private bool TryRent([NotNullWhen(true)] out ECDiffieHellman? key)
    {
        lock (gate)
        {
            key = null;
            if (disposed) return false;
            if (!idle.TryPop(out key)) key = Import(scalar, PublicKey);
            return true;
        }
    }

    private void Return(ECDiffieHellman key)
    {
        lock (gate)
        {
            if (!disposed && idle.Count < IdleMax) idle.Push(key);
            else key.Dispose();
        }
    }

    private static ECDiffieHellman Import(byte[] scalar, PublicSealingKey publicKey)
    {
        var parameters = P256Point.ToParameters(publicKey.Bytes);
        parameters.D = scalar;
        return ECDiffieHellman.Create(parameters);
    }

    private static PublicSealingKey PublicKeyOf(ECDiffieHellman key)
    {
        Span<byte> point = stackalloc byte[PublicSealingKey.Size];
        P256Point.Write(key, point);
        return PublicSealingKey.TryRead(point, out var publicKey) ? publicKey : throw new CryptographicException("Internal error: a generated key is not on its curve.");
    }
}
