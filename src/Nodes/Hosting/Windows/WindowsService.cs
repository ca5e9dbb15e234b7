using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace PasswordSync.Hosting.Windows;

/// <summary>
/// Runs a node as a Windows service: tells the service control manager that it is up, and passes the wish to stop on. A service that runs in a
/// process of its own; only one per process.
/// </summary>
[SupportedOSPlatform("windows")]
public static class WindowsService
{
    /// <summary>How long the manager is told that the end may take: as long as systemd grants by default.</summary>
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(90);

    /// <summary>Runs the service until the manager stops it, or the work ends by itself.</summary>
    /// <param name="name">The service's name.</param>
    /// <param name="run">The work; its argument's token is cancelled when the service is to stop. Gives the exit code; not 0 counts as a failure, after which the manager's recovery actions restart it.</param>
    /// <returns>What the work gave.</returns>
    /// <exception cref="Win32Exception">This process was not started by the service control manager.</exception>
    public static int Run(string name, Func<Termination, Task<int>> run)
    {
        using var termination = new Termination();
        var session = new Session(name, termination, run);
        var table = new ServiceControl.TableEntry[2];
        var serviceName = Marshal.StringToHGlobalUni(name);
        try
        {
            ServiceControl.MainFunction main = (_, _) => session.Main();
            table[0] = new(serviceName, Marshal.GetFunctionPointerForDelegate(main));
            if (!ServiceControl.StartServiceCtrlDispatcherW(table)) throw new Win32Exception();
            GC.KeepAlive(main);
            return session.ExitCode;
        }
        finally
        {
            Marshal.FreeHGlobal(serviceName);
        }
    }

    private sealed class Session(string name, Termination termination, Func<Termination, Task<int>> run)
    {
        private readonly Lock gate = new();
        private ServiceControl.HandlerFunction? handler;
        private nint status;
        private uint state = ServiceControl.StartPending;
        private uint checkpoint;

        public int ExitCode { get; private set; }

        public void Main()
        {
            handler = Handle;
            status = ServiceControl.RegisterServiceCtrlHandlerExW(name, Marshal.GetFunctionPointerForDelegate(handler), 0);
            if (status == 0) return;
            Report(ServiceControl.Running);
            try
            {
                ExitCode = run(termination).GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                // Nobody reads a service's console: the event log keeps a crash that is let out, and the manager restarts the service.
                Environment.FailFast($"The service {name} ended by an error.", exception);
            }

            Report(ServiceControl.Stopped);
        }

        private uint Handle(uint control, uint type, nint data, nint context)
        {
            switch (control)
            {
                case ServiceControl.Stop or ServiceControl.Shutdown or ServiceControl.PreShutdown:
                    Report(ServiceControl.StopPending);
                    termination.Request();
                    return 0;
                case ServiceControl.Interrogate:
                    return 0;
                default:
                    return ServiceControl.NotImplemented;
            }
        }

        private void Report(uint next)
        {
            lock (gate)
            {
                if (state == ServiceControl.Stopped) return;
                state = next;
                var failed = next == ServiceControl.Stopped && ExitCode != 0;
                var report = new ServiceControl.Status
                {
                    Type = ServiceControl.OwnProcess,
                    State = next,
                    Accepted = next == ServiceControl.Running ? ServiceControl.AcceptStop | ServiceControl.AcceptPreShutdown : 0,
                    ExitCode = failed ? ServiceControl.SpecificError : 0,
                    SpecificExitCode = failed ? (uint)ExitCode : 0,
                    Checkpoint = next == ServiceControl.StopPending ? ++checkpoint : 0,
                    WaitHint = next == ServiceControl.StopPending ? (uint)StopTimeMax.TotalMilliseconds : 0,
                };
                ServiceControl.SetServiceStatus(status, report);
            }
        }
    }
}
