using PasswordSync.Lab;
using Xunit;

[assembly: AssemblyFixture(typeof(LabServers))]
