using System.IO.MemoryMappedFiles;
using System.Runtime.Versioning;
using Microsoft.Win32;
using PasswordSync.Capture.Health;

namespace PasswordSync.EdgeNode.Windows;

/// <summary>Looks at this machine's registry, System32 and the filter's shared memory.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsFilterInspector : IFilterInspector
{
    private const string Package = "PasswordSyncFilter";
    private const string FilterKey = @"SOFTWARE\PasswordSync\Filter";

    /// <summary>Volatile: the installer makes it with the filter, and a start of Windows takes it away (native/Installer/setup/packages.c).</summary>
    private const string AddedKey = @"SOFTWARE\PasswordSync\Setup\AddedSinceStart";
    private const string LsaKey = @"SYSTEM\CurrentControlSet\Control\Lsa";

    private (DateTime ChangedAt, string Signature)? known;

    public FilterSetup Look()
    {
        using var lsa = Registry.LocalMachine.OpenSubKey(LsaKey);
        using var added = Registry.LocalMachine.OpenSubKey(AddedKey);
        var packages = lsa?.GetValue("Notification Packages") as string[] ?? [];
        var dll = new FileInfo(Path.Combine(Environment.SystemDirectory, Package + ".dll"));
        return new FilterSetup(
            IsRegistered: packages.Any(IsOurs),
            IsInstalled: dll.Exists,
            InstalledAfterBoot: added is not null,
            HasLsaProtection: lsa?.GetValue("RunAsPPL") is int and not 0 || lsa?.GetValue("RunAsPPLBoot") is int and not 0,
            Signature: dll.Exists ? SignatureOf(dll) : "missing",
            OtherPackages: [.. packages.Where(package => package.Length > 0 && !IsOurs(package)).Order(StringComparer.OrdinalIgnoreCase)],
            Unguarded: LookAtGuards(),
            Status: ReadStatus());
    }

    public void TellRole(bool isReadOnly)
    {
        using var key = Registry.LocalMachine.CreateSubKey(FilterKey);
        if (isReadOnly) key.SetValue("ReadOnlyController", 1, RegistryValueKind.DWord);
        else key.DeleteValue("ReadOnlyController", throwOnMissingValue: false);
    }

    private static bool IsOurs(string package) => string.Equals(package, Package, StringComparison.OrdinalIgnoreCase);

    /// <summary>Looks at the file that the filter is told to read, and at the folder in which another could take its place.</summary>
    private static string? LookAtGuards()
    {
        using var filter = Registry.LocalMachine.OpenSubKey(FilterKey);
        if (filter?.GetValue("CaptureFile") is not string { Length: > 0 } file) return null;
        foreach (var path in (string?[])[file, Path.GetDirectoryName(file)])
        {
            if (Path.Exists(path) && FileGuard.Look(path, secret: false) is { } wrong) return $"{path}: {wrong}";
        }

        return null;
    }

    private static FilterStatus? ReadStatus()
    {
        try
        {
            using var memory = MemoryMappedFile.OpenExisting(@"Global\" + Package, MemoryMappedFileRights.Read);
            using var view = memory.CreateViewAccessor(0, size: 0, MemoryMappedFileAccess.Read);
            var bytes = new byte[Math.Min(view.Capacity, FilterStatus.KnownLength)];
            view.ReadArray(0, bytes, 0, bytes.Length);
            return FilterStatus.TryRead(bytes, out var status) ? status : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private string SignatureOf(FileInfo dll)
    {
        if (known is { } before && before.ChangedAt == dll.LastWriteTimeUtc) return before.Signature;
        var signature = AuthenticodeSigner.Describe(File.ReadAllBytes(dll.FullName));
        known = (dll.LastWriteTimeUtc, signature);
        return signature;
    }
}
