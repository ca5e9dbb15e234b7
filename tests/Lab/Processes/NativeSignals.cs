using System.Runtime.InteropServices;

namespace PasswordSync.Lab;

/// <summary>Signals of signal(7), which .NET can only send by way of the kill program.</summary>
internal static partial class NativeSignals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal to one process by its id; a process that is already gone is not an error.</summary>
    public static void Send(int processId, int signal) => _ = SendSignal(processId, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
