using CtSeg.Configuration;
using CtSeg.Functions;
using CtSeg.Functions.Settings;
using CtSeg.Processes;

WebApplication app;
try
{
    app = FunctionsApp.Build(EnvironmentSettings.Read(), TimeProvider.System);
}
catch (SettingsException e)
{
    Console.Error.WriteLine(e.Message);
    return SettingsException.ExitCode;
}
await using (app)
{
    // Like the host's kill: every function can be cut off anywhere and run again.
    using var lifeline = ParentLifeline.Watch(() => Environment.Exit(0));
    await app.RunAsync();
}
return 0;
