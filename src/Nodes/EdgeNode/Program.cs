using System.CommandLine;
using PasswordSync.EdgeNode.Commands;
using PasswordSync.Hosting;

var root = new RootCommand($"PasswordSync edge {ProductVersion.Text}")
{
    RunCommand.Create(),
    RequestCommand.Create(),
    DoctorCommand.Create(),
};

// The services end themselves (Termination); the command line would cut them off after two seconds.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
