using System.CommandLine;
using PasswordSync.EdgeNode.Commands;
using PasswordSync.Hosting;

var root = new RootCommand($"PasswordSync edge {ProductVersion.Text}")
{
    RunCommand.Create(),
    RequestCommand.Create(),
};
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
