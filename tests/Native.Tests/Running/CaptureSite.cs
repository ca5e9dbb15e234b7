using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Native.Tests.Running;

/// <summary>
/// A domain controller's side of one test: a folder with the capture file, the edge's socket and the drop folder, and the key pair that
/// passwords are sealed to. Gone with the test.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class CaptureSite : IPrivateKeySource, IDisposable
{
    public const string Cluster = "main";
    public const string Source = "corp.example.test";
    public const string DomainController = "dc1.corp.example.test";

    private readonly PrivateSealingKey key = PrivateSealingKey.Generate();
    private readonly bool isPatient;

    /// <param name="isPatient">The helper waits for the edge as long as it may at all: where the test is about an edge that answers, however busy the machine is.</param>
    public CaptureSite(bool isPatient = false)
    {
        this.isPatient = isPatient;

        // Short, because a socket's path has at most 107 bytes.
        Folder = Directory.CreateTempSubdirectory("psn-").FullName;
        Directory.CreateDirectory(DropFolder);
        WriteCaptureFile(ProperLines());
    }

    public string Folder { get; }

    public string CaptureFile => Path.Combine(Folder, "capture");

    public string Socket => Path.Combine(Folder, "edge.socket");

    public string DropFolder => Path.Combine(Folder, "drop");

    public string[] DroppedFiles => [.. Directory.EnumerateFiles(DropFolder, "*.capture").Order(StringComparer.Ordinal)];

    /// <summary>The lines of a proper capture file, by name; a test changes what it is about.</summary>
    public Dictionary<string, string> ProperLines()
    {
        var lines = new Dictionary<string, string>
        {
            ["cluster"] = Cluster,
            ["source"] = Source,
            ["dc"] = DomainController,
            ["key"] = key.PublicKey.ToString(),
            ["socket"] = Socket,
            ["drop"] = DropFolder,
        };
        if (isPatient) lines["wait-ms"] = "5000";
        return lines;
    }

    public void WriteCaptureFile(IReadOnlyDictionary<string, string> lines) =>
        WriteCaptureFile("passwordsync-capture 1\n" + string.Concat(lines.Select(line => $"{line.Key} {line.Value}\n")));

    public void WriteCaptureFile(string content)
    {
        File.WriteAllText(CaptureFile, content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.SetUnixFileMode(CaptureFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    /// <summary>Rewrites the capture file with one value changed or added.</summary>
    public void Set(string name, string value) => WriteCaptureFile(new Dictionary<string, string>(ProperLines()) { [name] = value });

    /// <summary>Opens an envelope as a node would, bound to this site. The caller disposes the password.</summary>
    public EnvelopeOpening Open(ReadOnlySpan<byte> envelope) =>
        EnvelopeOpener.Open(envelope, this, new ExpectedBinding(Cluster, Source, DomainController, CaptureId: null));

    public PrivateKeyLookup Find(KeyId id) => new(id == key.PublicKey.Id ? key : null, DestroyedAt: null);

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
