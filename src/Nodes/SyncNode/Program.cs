using System.CommandLine;
using PasswordSync.Hosting;
using PasswordSync.SyncNode.Commands;

var root = new RootCommand($"PasswordSync sync server {ProductVersion.Text}")
{
    RunCommand.Create(),
    InitCommand.Create(),
    SignEdgeCommand.Create(),
};
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
