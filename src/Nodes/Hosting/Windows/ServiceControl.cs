using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace PasswordSync.Hosting.Windows;

/// <summary>The calls and numbers of Windows' service control manager that a service needs (winsvc.h).</summary>
[SupportedOSPlatform("windows")]
internal static partial class ServiceControl
{
    public const uint OwnProcess = 0x10;

    public const uint Stopped = 1;
    public const uint StartPending = 2;
    public const uint StopPending = 3;
    public const uint Running = 4;

    public const uint Stop = 1;
    public const uint Interrogate = 4;
    public const uint Shutdown = 5;
    public const uint PreShutdown = 0xF;

    public const uint AcceptStop = 0x1;

    /// <summary>Unlike the ordinary shutdown, it lasts as long as the service needs.</summary>
    public const uint AcceptPreShutdown = 0x100;

    public const uint NotImplemented = 120;
    public const uint SpecificError = 1066;

    public delegate void MainFunction(uint count, nint arguments);

    public delegate uint HandlerFunction(uint control, uint type, nint data, nint context);

    [LibraryImport("advapi32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool StartServiceCtrlDispatcherW([In] TableEntry[] table);

    [LibraryImport("advapi32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    public static partial nint RegisterServiceCtrlHandlerExW(string name, nint handler, nint context);

    [LibraryImport("advapi32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool SetServiceStatus(nint status, in Status report);

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct TableEntry(nint Name, nint Main);

    [StructLayout(LayoutKind.Sequential)]
    public struct Status
    {
        public uint Type;
        public uint State;
        public uint Accepted;
        public uint ExitCode;
        public uint SpecificExitCode;
        public uint Checkpoint;
        public uint WaitHint;
    }
}
