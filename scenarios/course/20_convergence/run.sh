# says hello
echo hello
