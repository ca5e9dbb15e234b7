namespace PasswordSync.Capture.Spool;

/// <summary>
/// The folder of the spool, as little of a file system as it needs, so that tests can lose power at any point. Every method may throw
/// <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>; one caller at a time but for <see cref="ISpoolFile.Read"/>.
/// </summary>
public interface ISpoolFiles
{
    /// <summary>The names of all files in the folder, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Creates an empty file. It outlives a crash only after <see cref="FlushFolder"/>.</summary>
    /// <exception cref="IOException">There is one already, or the disk refuses.</exception>
    ISpoolFile Create(string name);

    /// <summary>Opens a file for reading.</summary>
    ISpoolFile Open(string name);

    /// <summary>Deletes a file; nothing happens if there is none.</summary>
    void Delete(string name);

    /// <summary>When it returns, creations and deletions outlive a crash (where the system can do that at all).</summary>
    void FlushFolder();

    /// <summary>Keeps damaged bytes where a person can look at them; replaces what was kept under the name.</summary>
    void SetAside(string name, ReadOnlySpan<byte> bytes);
}

/// <summary>One open file of the spool.</summary>
public interface ISpoolFile : IDisposable
{
    /// <summary>The file's present length in bytes.</summary>
    long Length { get; }

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reads up to the buffer's length; returns the number of bytes read, fewer only at the end of the file.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed meanwhile.</exception>
    int Read(long offset, Span<byte> buffer);

    /// <summary>When it returns, what was written outlives a crash.</summary>
    void Flush();
}
