using System.Runtime.InteropServices;

namespace PasswordSync.Hosting.Certificates;

/// <summary>Whose a file or folder is. The base library tells its mode, but not its owner.</summary>
public static partial class FileOwner
{
    /// <summary>AT_FDCWD.</summary>
    private const int WorkingFolder = -100;

    /// <summary>STATX_UID.</summary>
    private const uint Owner = 0x08;

    /// <summary>Of <c>struct statx</c> (statx(2)), which is the same on every architecture: its length, and where stx_mask and stx_uid are.</summary>
    private const int Length = 256, MaskAt = 0, OwnerAt = 20;

    /// <summary>Whether it belongs to another account than the one that this process runs as. False where the system does not tell, and on Windows, where rights are those of the folder.</summary>
    /// <param name="path">A file or folder.</param>
    public static bool IsAnother(string path)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            var facts = new byte[Length];
            return Statx(WorkingFolder, path, 0, Owner, facts) == 0 && (BitConverter.ToUInt32(facts, MaskAt) & Owner) != 0 && BitConverter.ToUInt32(facts, OwnerAt) != EffectiveUser();
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] facts);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint EffectiveUser();
}
