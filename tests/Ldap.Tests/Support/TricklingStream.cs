namespace PasswordSync.Ldap.Tests.Support;

/// <summary>Gives its content in pieces of at most some bytes, as a network may.</summary>
internal sealed class TricklingStream(byte[] content, int pieceMax) : MemoryStream(content)
{
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, pieceMax));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceMax)], cancellationToken);
}
