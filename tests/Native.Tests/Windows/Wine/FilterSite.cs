using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>
/// A Windows domain controller's side of one test: capture file, drop folder, pipe name, the key pair that passwords are sealed to, and agreements
/// made with it for the filter's seam. Gone with the test.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class FilterSite : IPrivateKeySource, IDisposable
{
    public const string Cluster = "main";
    public const string Source = "corp.example.test";
    public const string DomainController = "dc1.corp.example.test";

    private const int Agreements = 64;
    private const string CapturePattern = "*.capture";

    private readonly List<PrivateSealingKey> keys = [];

    public FilterSite()
    {
        Folder = Directory.CreateTempSubdirectory("psw-").FullName;
        Pipe = Path.GetFileName(Folder);
        Directory.CreateDirectory(DropFolder);
        Directory.CreateDirectory(TakenFolder);
        RotateKey();
    }

    public string Folder { get; }

    public string Pipe { get; }

    public string CaptureFile => Path.Combine(Folder, "capture");

    public string DropFolder => Path.Combine(Folder, "drop");

    /// <summary>What the edge's stand-in took.</summary>
    public string TakenFolder => Path.Combine(Folder, "taken");

    /// <summary>Whether capture files written from now on may be written by everybody.</summary>
    public bool OthersMayWriteFile { get; set; }

    /// <summary>What this says is how the disk is: native/Filter/tests/windows/slow_disk.c.</summary>
    public string DiskFile => Path.Combine(Folder, "disk");

    /// <summary>Whether the filter finds a bcrypt that refuses everything: native/Filter/tests/windows/refusing_bcrypt.c.</summary>
    public bool RefusesCryptography { get; init; }

    public string AgreementsFile => Path.Combine(Folder, "agreements");

    public PublicSealingKey Key => keys[^1].PublicKey;

    /// <summary>From now on no flush of the disk ends, until <see cref="ReviveDisk"/>.</summary>
    public void HangDisk() => File.WriteAllText(DiskFile, "hang");

    /// <summary>Ends when a flush of the disk that hangs has begun.</summary>
    public Task UntilDiskHangsAsync() => Observed.UntilAsync(() => File.Exists(DiskFile + ".hangs"));

    public void ReviveDisk() => File.Delete(DiskFile);

    public byte[][] Dropped => Read(DropFolder, CapturePattern);

    /// <summary>Whether a dropped capture is there that no edge has taken yet; may be asked while an edge takes them.</summary>
    public bool AnyDropped => Directory.EnumerateFiles(DropFolder, CapturePattern).Any();

    public byte[][] Taken => Read(TakenFolder, "*.taken");

    /// <summary>A new key pair, in the capture file from now on; agreements stay those of the first, which the seam has read.</summary>
    public void RotateKey()
    {
        keys.Add(PrivateSealingKey.Generate());
        if (keys.Count == 1) WriteAgreements();
        WriteCaptureFile();
    }

    /// <summary>Writes the capture file as the edge does: whole under another name, then renamed.</summary>
    public void WriteCaptureFile(params (string Name, string Value)[] changed)
    {
        var lines = new Dictionary<string, string>
        {
            ["cluster"] = Cluster,
            ["source"] = Source,
            ["dc"] = DomainController,
            ["key"] = Key.ToString(),
            ["socket"] = Pipe,
            ["drop"] = WineMachine.ToWindows(DropFolder),

            // As long as may be: an edge that answers does so within it, however busy the machine is.
            ["wait-ms"] = "5000",
        };
        foreach (var (name, value) in changed) lines[name] = value;
        WriteCaptureText("passwordsync-capture 1\n" + string.Concat(lines.Select(line => $"{line.Key} {line.Value}\n")));
    }

    public void WriteCaptureText(string content)
    {
        File.WriteAllText(CaptureFile + ".new", content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (OthersMayWriteFile) File.SetUnixFileMode(CaptureFile + ".new", File.GetUnixFileMode(CaptureFile + ".new") | UnixFileMode.OtherWrite);
        File.Move(CaptureFile + ".new", CaptureFile, overwrite: true);
    }

    /// <summary>Opens an envelope as a node would; gives the account's name and the password's bytes.</summary>
    public (string Account, string PasswordHex) Open(byte[] envelope)
    {
        var opening = EnvelopeOpener.Open(envelope, this, new ExpectedBinding(Cluster, Source, DomainController, CaptureId: null));
        using var password = opening.Password.ShouldNotBeNull(opening.ToString());
        password.Encoding.ShouldBe(PasswordEncoding.Utf16LittleEndian);
        return (opening.Description!.AccountName, Convert.ToHexStringLower(password.Bytes));
    }

    public PrivateKeyLookup Find(KeyId id) => new(keys.Find(key => key.PublicKey.Id == id), DestroyedAt: null);

    public void Dispose()
    {
        foreach (var key in keys) key.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static byte[][] Read(string folder, string pattern) => [.. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private void WriteAgreements()
    {
        using var peer = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Key.Bytes[1..33].ToArray(), Y = Key.Bytes[33..].ToArray() },
        });
        using var file = File.Create(AgreementsFile);
        for (var index = 0; index < Agreements; index++)
        {
            using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            var point = ephemeral.ExportParameters(includePrivateParameters: false).Q;
            file.Write([4, .. point.X!, .. point.Y!, .. ephemeral.DeriveRawSecretAgreement(peer.PublicKey)]);
        }
    }
}
