using CtSeg.Local;

return await CommandLine.RunAsync(args);
