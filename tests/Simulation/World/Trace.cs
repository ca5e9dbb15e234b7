using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Simulation.World;

/// <summary>What happened, line by line, for who replays a seed; and its digest, by which two runs of one seed are compared.</summary>
internal sealed class Trace(EventLine line, bool keepsLines) : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines => lines;

    public void Note(string what)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{line.Now.TotalSeconds,10:F4} {what}\n");
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        if (keepsLines) lines.Add(text);
    }

    public string Digest() => Convert.ToHexString(hash.GetCurrentHash());

    public void Dispose() => hash.Dispose();
}
