using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace PasswordSync.Capture.Listener;

/// <summary>Tells which program is at the other end of a pipe.</summary>
[SupportedOSPlatform("windows")]
internal static partial class ClientProcess
{
    /// <summary>Allows to ask for the program's name and nothing more; protected processes, such as LSASS, grant it.</summary>
    private const uint QueryLimitedInformation = 0x1000;

    private const int PathLengthMax = 1_024;

    /// <summary>Full path of the client's program.</summary>
    /// <exception cref="Win32Exception">Windows does not tell; the client may have ended.</exception>
    public static string ProgramOf(SafePipeHandle pipe)
    {
        if (!GetNamedPipeClientProcessId(pipe, out var id)) throw new Win32Exception();
        using var process = OpenProcess(QueryLimitedInformation, inheritHandle: false, id);
        if (process.IsInvalid) throw new Win32Exception();
        var path = new char[PathLengthMax];
        var length = path.Length;
        return QueryFullProcessImageNameW(process, 0, path, ref length) ? new string(path, 0, length) : throw new Win32Exception();
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetNamedPipeClientProcessId(SafePipeHandle pipe, out uint processId);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial SafeProcessHandle OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inheritHandle, uint processId);

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool QueryFullProcessImageNameW(SafeProcessHandle process, uint flags, [Out] char[] path, ref int length);
}
