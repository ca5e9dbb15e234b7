using System.CommandLine;
using PasswordSync.Hosting;
using PasswordSync.SyncNode.Commands;

var root = new RootCommand($"PasswordSync sync server {ProductVersion.Text}")
{
    RunCommand.Create(),
    InitCommand.Create(),
    DoctorCommand.Create(),
    SignEdgeCommand.Create(),
    RequestCommand.Create(),
    SignNodeCommand.Create(),
    RegistrationKeyCommand.Create(),
};

// The services end themselves (Termination); the command line would cut them off after two seconds.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
