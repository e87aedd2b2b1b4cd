@echo off
rem Open the desk of a commune clerk in the demonstration province, on Windows.
setlocal
cd /d "%~dp0"
set PIP_DISABLE_PIP_VERSION_CHECK=1
set LOCK=locks\run-py311-windows.txt
set PY=.venv\Scripts\python.exe

if exist "%PY%" goto packages
py -3.11 -m venv .venv
if errorlevel 1 (
    echo Python 3.11 for Windows is needed: install it from python.org, then start again.
    exit /b 1
)

:packages
fc /b "%LOCK%" ".venv\locks.txt" >nul 2>&1
if not errorlevel 1 goto start
echo Making the environment ^(once; some minutes on a slow line^)
"%PY%" -m pip install --quiet --require-hashes --only-binary=:all: -r "%LOCK%"
if errorlevel 1 exit /b 1
copy /y "%LOCK%" ".venv\locks.txt" >nul

:start
if not exist var\demo mkdir var\demo
"%PY%" -m app demo --folder var\demo %*
