using PasswordSync.Lab.Cli;

return await Commands.RunAsync(args, Console.Out, CancellationToken.None);
